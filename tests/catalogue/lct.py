"""Linear context transform: means normalised in groups, a line for each channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "lct"
VALUES = [{"C": 6, "G": 2}, {"C": 6, "G": 3, "form": "layer"}]
CALL = {"inputs": ("2x12x5x4",), "channels": 12, "groups": 3}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64) * 2,)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    own = p.scale if v.form == "layer" else p
    n = v.C // v.G
    for b in range(x.shape[0]):
        for c in range(v.C):
            group = [x[b, e].mean() for e in range(v.C) if e // n == c // n]
            mu = sum(group) / n
            var = sum((z - mu) ** 2 for z in group) / n
            u = (x[b, c].mean() - mu) / (var + 1e-5).sqrt()
            y[b, c] = x[b, c] / (1 + (-(own.weight[c] * u + own.bias[c])).exp())
    return y


class Vectors(nn.Module):
    """Weights as vectors, the normalisation by hand."""

    def __init__(self, channels: int, groups: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.groups = groups
        self.eps = eps
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.w = nn.Parameter(torch.ones(channels))
        self.b = nn.Parameter(torch.zeros(channels))

    def cut(self, z: Tensor) -> Tensor:
        return z.view(z.shape[0], self.groups, -1)

    def context(self, x: Tensor) -> Tensor:
        t = self.cut(self.avgpool(x))
        centred = t - t.mean(-1, keepdim=True)
        var = (centred**2).mean(-1, keepdim=True)
        return (centred / torch.sqrt(var + self.eps)).reshape(x.shape[0], -1)

    def forward(self, x: Tensor) -> Tensor:
        u = self.w * self.context(x) + self.b
        return x * torch.sigmoid(u)[:, :, None, None]


class ByGroupNorm(nn.Module):
    """PyTorch's GroupNorm on the pooled map."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.mean((2, 3), keepdim=True)).sigmoid() * x


class BySquares(Vectors):
    """The variance as a difference that rounding makes negative."""

    def context(self, x: Tensor) -> Tensor:
        t = self.cut(self.avgpool(x))
        mean = t.mean(-1, keepdim=True)
        var = (t**2).mean(-1, keepdim=True) - mean**2
        return ((t - mean) / torch.sqrt(var + self.eps)).reshape(x.shape[0], -1)


class AllChannels(Vectors):
    def cut(self, z: Tensor) -> Tensor:
        return z.view(z.shape[0], 1, -1)


class OverTheBatch(Vectors):
    def context(self, x: Tensor) -> Tensor:
        z = self.avgpool(x).flatten(1)
        return (z - z.mean(0)) / torch.sqrt(z.var(0, unbiased=False) + self.eps)


class MeanAlone(Vectors):
    def context(self, x: Tensor) -> Tensor:
        t = self.cut(self.avgpool(x))
        return (t - t.mean(-1, keepdim=True)).reshape(x.shape[0], -1)


class NotNormalised(Vectors):
    def context(self, x: Tensor) -> Tensor:
        return self.avgpool(x).flatten(1)


STYLES = ["Vectors", "ByGroupNorm"]
FAULTS = {
    "BySquares": "finite",
    "AllChannels": "channel-reach",
    "OverTheBatch": "batch-independence",
    "MeanAlone": "scale-invariance",
    "NotNormalised": "shift",
}
