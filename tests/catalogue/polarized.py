"""Polarized self-attention: one query over positions, one over channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "polarized"
VALUES = [
    {"C": 8},
    {"C": 8, "layout": "sequential", "up": "bottleneck", "spatial_softmax": "value"},
    {"C": 8, "up": "plain", "bias": False, "up_bias": False, "spatial_softmax": "product"},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def affine(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def softmax(scores: Tensor) -> Tensor:
    return scores.exp() / scores.exp().sum()


def layer_norm(norm, t: Tensor) -> Tensor:
    spread = ((t - t.mean()) ** 2).mean() + norm.eps
    return (t - t.mean()) / spread**0.5 * norm.weight + norm.bias


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        pixels = list(x[b].flatten(1).T)
        a = softmax(torch.stack([affine(p.channel_query, t)[0] for t in pixels]))
        z = sum(a[i] * affine(p.channel_value, t) for i, t in enumerate(pixels))
        if v.up == "bottleneck":
            h = layer_norm(p.up_hidden_norm, affine(p.up_reduce, z)).clamp(min=0)
            u = affine(p.up_expand, h)
        else:
            u = affine(p.up, z)
            u = layer_norm(p.up_norm, u) if v.up == "normed" else u
        gated = [t / (1 + (-u).exp()) for t in pixels]
        seen = gated if v.layout == "sequential" else pixels
        query = sum(affine(p.spatial_query, t) for t in seen) / len(seen)
        query = softmax(query) if v.spatial_softmax == "query" else query
        values = torch.stack([affine(p.spatial_value, t) for t in seen], 1)
        if v.spatial_softmax == "value":
            values = torch.stack([softmax(row) for row in values])
        scores = query @ values
        scores = softmax(scores) if v.spatial_softmax == "product" else scores
        for i, t in enumerate(seen):
            out = t / (1 + (-scores[i]).exp())
            out = out if v.layout == "sequential" else out + gated[i]
            y[b].flatten(1)[:, i] = out
    return y


class Parallel(nn.Module):
    """Sums over positions by letters, the norm on the last axis."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        half = channel // 2
        self.ch_wv, self.ch_wq = nn.Conv2d(channel, half, 1), nn.Conv2d(channel, 1, 1)
        self.ch_wz, self.ln = nn.Linear(half, channel), nn.LayerNorm(channel)
        self.sp_wv, self.sp_wq = nn.Conv2d(channel, half, 1), nn.Conv2d(channel, half, 1)

    def over_channels(self, x: Tensor) -> Tensor:
        a = self.ch_wq(x).flatten(1).softmax(-1).view(x.size(0), *x.shape[2:])
        z = torch.einsum("bchw,bhw->bc", self.ch_wv(x), a)
        return self.ln(self.ch_wz(z)).sigmoid()[:, :, None, None]

    def over_positions(self, x: Tensor) -> Tensor:
        q = self.sp_wq(x).mean((2, 3)).softmax(1)
        return torch.einsum("bc,bchw->bhw", q, self.sp_wv(x)).sigmoid()[:, None]

    def forward(self, x: Tensor) -> Tensor:
        return x * self.over_channels(x) + x * self.over_positions(x)


class Sequential(Parallel):
    def forward(self, x: Tensor) -> Tensor:
        y = x * self.over_channels(x)
        return y * self.over_positions(y)


class OfTheProduct(Parallel):
    """The authors' first code: the second softmax runs over the product."""

    def over_positions(self, x: Tensor) -> Tensor:
        m = torch.einsum("bc,bchw->bhw", self.sp_wq(x).mean((2, 3)), self.sp_wv(x))
        return m.flatten(1).softmax(1).view(m.shape).sigmoid()[:, None]


class NoSigmoid(Parallel):
    def over_positions(self, x: Tensor) -> Tensor:
        q = self.sp_wq(x).mean((2, 3)).softmax(1)
        return torch.einsum("bc,bchw->bhw", q, self.sp_wv(x))[:, None]


class SoftmaxOfOne(Parallel):
    def over_channels(self, x: Tensor) -> Tensor:
        z = torch.einsum("bchw,bohw->bc", self.ch_wv(x), self.ch_wq(x).softmax(1))
        return self.ln(self.ch_wz(z)).sigmoid()[:, :, None, None]


STYLES = ["Parallel", "Sequential", "OfTheProduct"]
FAULTS = {"NoSigmoid": "gate", "SoftmaxOfOne": "unused"}
