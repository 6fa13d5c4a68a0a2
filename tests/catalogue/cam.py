"""Channel attention of DANet: channels weighed by their inner products."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "cam"
VALUES = [{}, {"inverted": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    B, C = x.shape[:2]
    y = torch.zeros_like(x)
    for b in range(B):
        for i in range(C):
            scores = [(x[b, i] * x[b, j]).sum() for j in range(C)]
            scores = [max(scores) - s for s in scores] if v.inverted else scores
            weights = [(s - max(scores)).exp() for s in scores]
            mixed = sum(weights[j] * x[b, j] for j in range(C)) / sum(weights)
            y[b, i] = p.gamma[0] * mixed + x[b, i]
    return y


class Einsum(nn.Module):
    """Inner products by letters, a gamma without axes."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        energy = torch.einsum("bchw,bdhw->bcd", x, x)
        energy = energy.amax(dim=-1, keepdim=True) - energy
        return torch.einsum("bcd,bdhw->bchw", energy.softmax(-1), x) * self.gamma + x


class OverTheBatch(Einsum):
    def forward(self, x: Tensor) -> Tensor:
        energy = torch.einsum("bchw,bdhw->bcd", x, x)
        return torch.einsum("bcd,bdhw->bchw", energy.softmax(0), x) * self.gamma + x


class View(Einsum):
    def forward(self, x: Tensor) -> Tensor:
        query, key = x.flatten(2), x.reshape(x.size(0), -1, x.size(1))
        return (query @ key).softmax(-1).matmul(query).view_as(x) * self.gamma + x


STYLES = ["Einsum"]
FAULTS = {"OverTheBatch": "batch-independence", "View": "channel-equivariance"}
