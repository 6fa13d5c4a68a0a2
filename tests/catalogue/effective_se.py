"""Effective SE: one matrix, no reduction, a hard sigmoid."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "effective-se"
VALUES = [{"C": 5}, {"C": 4, "bias": False}, {"C": 4, "gate": "sigmoid"}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64) * 3,)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        for c in range(v.C):
            u = sum(p.fc.weight[c, e] * x[b, e].mean() for e in range(v.C))
            u = u + (p.fc.bias[c] if v.bias else 0)
            g = ((u + 3) / 6).clamp(0, 1) if v.gate == "hard" else 1 / (1 + (-u).exp())
            y[b, c] = g * x[b, c]
    return y


class ByConvolution(nn.Module):
    """A 1×1 convolution on the pooled map."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Conv2d(channel, channel, kernel_size=1)
        self.hsigmoid = nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return self.hsigmoid(self.fc(self.pool(x))) * x


class GateOfPositions(ByConvolution):
    def forward(self, x: Tensor) -> Tensor:
        return F.hardsigmoid(self.fc(x)) * x


class NoGate(ByConvolution):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(x)) * x


STYLES = ["ByConvolution"]
FAULTS = {"GateOfPositions": "depends-on", "NoGate": "gate"}
