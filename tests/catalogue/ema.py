"""Efficient multi-scale attention: two branches that weigh each other's channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "ema"
VALUES = [{"C": 6, "G": 2}, {"C": 4, "G": 1}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    n = v.C // v.G
    y = torch.zeros_like(x)
    one, three = p.conv1x1, p.conv3x3
    for b in range(x.shape[0]):
        for group in range(v.G):
            t = x[b, group * n : (group + 1) * n]
            H, W = t.shape[1:]
            a = torch.zeros_like(t)
            for c in range(n):
                for i in range(H):
                    for j in range(W):
                        h = sum(one.weight[c, e] * t[e, i].mean() for e in range(n))
                        w = sum(one.weight[c, e] * t[e, :, j].mean() for e in range(n))
                        g = torch.sigmoid(h + one.bias[c]) * torch.sigmoid(w + one.bias[c])
                        a[c, i, j] = t[c, i, j] * g
            for c in range(n):
                d = a[c] - a[c].mean()
                norm = d / ((d * d).mean() + p.gn.eps).sqrt()
                a[c] = norm * p.gn.weight[c] + p.gn.bias[c]
            k = F.conv2d(t[None], three.weight, three.bias, padding=1)[0]
            w_a = torch.stack([a[c].mean().exp() for c in range(n)])
            w_k = torch.stack([k[c].mean().exp() for c in range(n)])
            e = sum(w_a[c] / w_a.sum() * k[c] + w_k[c] / w_k.sum() * a[c] for c in range(n))
            y[b, group * n : (group + 1) * n] = t / (1 + (-e).exp())
    return y


class ByEinsum(nn.Module):
    """Matrices applied to the pooled vectors by einsum, groups on an axis of their own."""

    def __init__(self, channels: int, factor: int = 8) -> None:
        super().__init__()
        n = channels // factor
        self.factor = factor
        self.gn = nn.GroupNorm(n, n)
        self.point = nn.Linear(n, n)
        self.around = nn.Conv2d(n, n, 3, padding=1)

    def weights(self, t: Tensor) -> Tensor:
        return t.mean((-2, -1)).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        t = x.unflatten(1, (self.factor, -1)).flatten(0, 1)
        rows = self.point(t.mean(3).mT).sigmoid()
        columns = self.point(t.mean(2).mT).sigmoid()
        a = self.gn(torch.einsum("bchw,bhc,bwc->bchw", t, rows, columns))
        b = self.around(t)
        e = torch.einsum("bc,bchw->bhw", self.weights(a), b)
        e = e + torch.einsum("bc,bchw->bhw", self.weights(b), a)
        return (t * e[:, None].sigmoid()).unflatten(0, (-1, self.factor)).flatten(1, 2)


class SoftmaxOfOne(ByEinsum):
    def weights(self, t: Tensor) -> Tensor:
        return t.mean((-2, -1))[..., None].softmax(-1)[..., 0]


class NoSigmoid(ByEinsum):
    def forward(self, x: Tensor) -> Tensor:
        t = x.unflatten(1, (self.factor, -1)).flatten(0, 1)
        a, b = self.gn(t), self.around(t)
        e = torch.einsum("bc,bchw->bhw", self.weights(a), b)
        return (t * e[:, None]).unflatten(0, (-1, self.factor)).flatten(1, 2)


class PartsSwapped(ByEinsum):
    def forward(self, x: Tensor) -> Tensor:
        t = x.unflatten(1, (self.factor, -1)).flatten(0, 1)
        H, W = t.shape[2:]
        both = self.point(torch.cat((t.mean(3), t.mean(2)), 2).mT)
        columns, rows = both.split([W, H], 1)
        a = self.gn(torch.einsum("bchw,bhc,bwc->bchw", t, rows.sigmoid(), columns.sigmoid()))
        b = self.around(t)
        e = torch.einsum("bc,bchw->bhw", self.weights(a), b)
        e = e + torch.einsum("bc,bchw->bhw", self.weights(b), a)
        return (t * e[:, None].sigmoid()).unflatten(0, (-1, self.factor)).flatten(1, 2)


class EachItsOwn(ByEinsum):
    """Each branch's weights on its own values, where the other's are meant."""

    def forward(self, x: Tensor) -> Tensor:
        t = x.unflatten(1, (self.factor, -1)).flatten(0, 1)
        rows = self.point(t.mean(3).mT).sigmoid()
        columns = self.point(t.mean(2).mT).sigmoid()
        a = self.gn(torch.einsum("bchw,bhc,bwc->bchw", t, rows, columns))
        b = self.around(t)
        e = sum(torch.einsum("bc,bchw->bhw", self.weights(f), f) for f in (a, b))
        return (t * e[:, None].sigmoid()).unflatten(0, (-1, self.factor)).flatten(1, 2)


CALL = {"inputs": ("2x12x5x6",), "channels": 12, "factor": 3}
STYLES = ["ByEinsum"]
FAULTS = {
    "SoftmaxOfOne": "equivalence",
    "NoSigmoid": "gate",
    "PartsSwapped": "equivalence",
    "EachItsOwn": "equivalence",
}
