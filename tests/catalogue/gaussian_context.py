"""Gaussian context transformer: a Gaussian of normalised means, nothing learned."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SPEC = "gaussian-context"
VALUES = [{"C": 5}, {"C": 4, "c": 0.5}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64) * 2,)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        z = [x[b, c].mean() for c in range(v.C)]
        mu = sum(z) / v.C
        var = sum((u - mu) ** 2 for u in z) / v.C
        for c in range(v.C):
            n = (z[c] - mu) / (var + 1e-5).sqrt()
            y[b, c] = x[b, c] * math.exp(-(n**2) / (2 * v.c**2))
    return y


class Plain(nn.Module):
    """Pooled to one pixel, normalised by hand."""

    def __init__(self, channels: int, c: float = 2.0, eps: float = 1e-5) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.c = c
        self.eps = eps

    def normed(self, y: Tensor) -> Tensor:
        var, mean = torch.var_mean(y, dim=1, keepdim=True, correction=0)
        return (y - mean) / torch.sqrt(var + self.eps)

    def gate(self, n: Tensor) -> Tensor:
        return torch.exp(-(n**2) / (2 * self.c**2))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(self.normed(self.avgpool(x))).expand_as(x)


class ByLayerNorm(nn.Module):
    """The means through a LayerNorm without weights."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, elementwise_affine=False)

    def forward(self, x: Tensor) -> Tensor:
        g = self.norm(x.mean((2, 3))).pow(2).div(-8).exp()
        return torch.einsum("bchw,bc->bchw", x, g)


class BySquares(Plain):
    """The variance as a difference that rounding makes negative."""

    def normed(self, y: Tensor) -> Tensor:
        mean = y.mean(dim=1, keepdim=True)
        var = (y**2).mean(dim=1, keepdim=True) - mean**2
        return (y - mean) / torch.sqrt(var + self.eps)


class OfTheMeans(Plain):
    def normed(self, y: Tensor) -> Tensor:
        return y


class OverTheBatch(Plain):
    def normed(self, y: Tensor) -> Tensor:
        return (y - y.mean(0)) / (y.var(0, unbiased=False) + self.eps) ** 0.5


class NoMinus(Plain):
    def gate(self, n: Tensor) -> Tensor:
        return torch.exp(n**2 / (2 * self.c**2))


class OneSided(Plain):
    def gate(self, n: Tensor) -> Tensor:
        return torch.exp(-(n.relu() ** 2) / (2 * self.c**2))


class NotSquared(Plain):
    def gate(self, n: Tensor) -> Tensor:
        return torch.exp(-n.abs() / (2 * self.c**2))


STYLES = ["Plain", "ByLayerNorm"]
FAULTS = {
    "BySquares": "finite",
    "OfTheMeans": "scale-invariance",
    "OverTheBatch": "batch-independence",
    "NoMinus": "gate",
    "OneSided": "sign-invariance",
    "NotSquared": "equivalence",
}
