"""Iterative attentional feature fusion: two maps weighed by what a first fusion made."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.catalogue.ms_cam import attention, perceptron

SPEC = "iaff"
VALUES = [{"C": 4, "r": 2}, {"C": 3, "r": 1, "bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return tuple(torch.randn(2, v.C, 4, 3, dtype=torch.float64) * 2 for _ in range(2))


def equation(p, v, x: Tensor, y: Tensor) -> Tensor:
    z = torch.zeros_like(x)
    for b in range(x.shape[0]):
        m1 = attention(p, "1", x[b] + y[b])
        m2 = attention(p, "2", m1 * x[b] + (1 - m1) * y[b])
        z[b] = m2 * x[b] + (1 - m2) * y[b]
    return z


class Attention(nn.Module):
    """Multi-scale channel attention, the gate alone."""

    def __init__(self, channels: int, r: int) -> None:
        super().__init__()
        self.near = perceptron(channels, channels // r)
        self.far = perceptron(channels, channels // r, nn.AdaptiveAvgPool2d(1))

    def forward(self, u: Tensor) -> Tensor:
        return torch.sigmoid(self.near(u) + self.far(u))


class TwoModules(nn.Module):
    """A module per pass."""

    def __init__(self, channels: int = 64, r: int = 4) -> None:
        super().__init__()
        self.first, self.second = Attention(channels, r), Attention(channels, r)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        w = self.first(x + residual)
        u = x * w + residual * (1 - w)
        w = self.second(u)
        return x * w + residual * (1 - w)


class Differences(TwoModules):
    """Interpolations as y + w (x - y)."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        difference = a - b
        first = b + self.first(a + b) * difference
        return b + self.second(first) * difference


class BranchAgain(TwoModules):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        w = self.first(x + residual)
        u = x * w + residual * (1 - w)
        w = torch.sigmoid(self.second.near(u) + self.first.far(u))
        return x * w + residual * (1 - w)


class OneModule(TwoModules):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        w = self.first(x + residual)
        w = self.first(x * w + residual * (1 - w))
        return x * w + residual * (1 - w)


class FusionWeighed(TwoModules):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        w = self.first(x + residual)
        u = x * w + residual * (1 - w)
        return u * self.second(u)


class SumAgain(TwoModules):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        w = self.second(x + residual)
        return x * w + residual * (1 - w)


STYLES = ["TwoModules", "Differences"]
FAULTS = {
    "BranchAgain": "unused",
    "OneModule": "unused",
    "FusionWeighed": "equivalence",
    "SumAgain": "unused",
}
