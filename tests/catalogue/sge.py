"""Spatial group-wise enhance: positions gated by their likeness to the group's mean."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "sge"
VALUES = [{"C": 6, "G": 2}, {"C": 6, "G": 3, "unbiased": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    n = v.C // v.G
    for b in range(x.shape[0]):
        for g in range(v.G):
            t = x[b, g * n : (g + 1) * n].flatten(1)
            z = t.mean(1)
            c = torch.stack([z @ t[:, i] for i in range(t.shape[1])])
            d = c - c.mean()
            sd = ((d * d).sum() / (len(c) - (1 if v.unbiased else 0))).sqrt()
            a = d / (sd + 1e-5) * p.weight[g] + p.bias[g]
            y[b, g * n : (g + 1) * n] = (t / (1 + (-a).exp())).view(n, *x.shape[2:])
    return y


class FiveAxes(nn.Module):
    """Groups on an axis of their own, the deviation from the variance."""

    def __init__(self, channels: int, groups: int = 4) -> None:
        super().__init__()
        self.groups = groups
        self.weight = nn.Parameter(torch.zeros(1, groups, 1, 1))
        self.bias = nn.Parameter(torch.ones(1, groups, 1, 1))

    def normed(self, c: Tensor) -> Tensor:
        d = c - c.mean((2, 3), keepdim=True)
        return d / (c.std((2, 3), keepdim=True) + 1e-5)

    def forward(self, x: Tensor) -> Tensor:
        t = x.unflatten(1, (self.groups, -1))
        likeness = (t * t.mean((3, 4), keepdim=True)).sum(2)
        g = (self.normed(likeness) * self.weight + self.bias).sigmoid()
        return (t * g.unsqueeze(2)).flatten(1, 2)


class ByContraction(FiveAxes):
    """The likeness as a sum of products, which is counted as one."""

    def forward(self, x: Tensor) -> Tensor:
        t = x.unflatten(1, (self.groups, -1))
        likeness = torch.einsum("bgchw,bgc->bghw", t, t.mean((3, 4)))
        g = (self.normed(likeness) * self.weight + self.bias).sigmoid()
        return (t * g.unsqueeze(2)).flatten(1, 2)


class NotNormed(FiveAxes):
    def normed(self, c: Tensor) -> Tensor:
        return c


class OverTheBatch(FiveAxes):
    def normed(self, c: Tensor) -> Tensor:
        d = c - c.mean((2, 3), keepdim=True)
        return d / (c.std((0, 2, 3), keepdim=True) + 1e-5)


STYLES = ["FiveAxes", "ByContraction"]
FAULTS = {"NotNormed": "equivalence", "OverTheBatch": "batch-independence"}
