"""Attentional feature fusion: two maps weighed against each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.catalogue.ms_cam import attention, perceptron

SPEC = "aff"
VALUES = [{"C": 4, "r": 2}, {"C": 3, "r": 1, "bias": False, "double": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return tuple(torch.randn(2, v.C, 4, 3, dtype=torch.float64) * 2 for _ in range(2))


def equation(p, v, x: Tensor, y: Tensor) -> Tensor:
    z = torch.zeros_like(x)
    for b in range(x.shape[0]):
        m = attention(p, "", x[b] + y[b])
        z[b] = m * x[b] + (1 - m) * y[b]
    return 2 * z if v.double else z


class Doubled(nn.Module):
    """The authors' way: each share doubled."""

    def __init__(self, channels: int = 64, r: int = 4) -> None:
        super().__init__()
        self.local_att = perceptron(channels, channels // r)
        self.global_att = perceptron(channels, channels // r, nn.AdaptiveAvgPool2d(1))
        self.sigmoid = nn.Sigmoid()

    def weight(self, u: Tensor) -> Tensor:
        return self.sigmoid(self.local_att(u) + self.global_att(u))

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        w = self.weight(x + residual)
        return 2 * x * w + 2 * residual * (1 - w)


class Lerp(Doubled):
    """As the equation, written as an interpolation."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.lerp(b, a, self.weight(a + b))


class SameWeight(Doubled):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return (x + residual) * self.weight(x + residual)


class OneMap(Doubled):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        w = self.weight(x)
        return x * w + residual * (1 - w)


class OnlyOne(Doubled):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return x * self.weight(x + residual) + residual


class MeansOfRows(Doubled):
    def weight(self, u: Tensor) -> Tensor:
        return self.sigmoid(self.local_att(u) + self.global_att[1:](u.mean(3, keepdim=True)))


STYLES = ["Doubled", "Lerp"]
FAULTS = {
    "SameWeight": "equivalence",
    "OneMap": "reach of the other",
    "OnlyOne": "equivalence",
    "MeansOfRows": "reach",
}
