"""Dual attention: positions and channels, summed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "danet"
VALUES = [
    {"C": 4, "C2": 4, "r": 2},
    {"C": 4, "C2": 4, "r": 2, "inverted": True, "convs": True},
    {"C": 4, "C2": 3, "s": 2, "r": 2, "inverted": True, "convs": True, "head": True},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def filtered(conv, norm, x: Tensor) -> Tensor:
    H, W = x.shape[2:]
    y = x.new_zeros(x.shape[0], len(conv.weight), H, W)
    for i in range(H):
        for j in range(W):
            for a in range(3):
                for c in range(3):
                    m, n = i + a - 1, j + c - 1
                    if 0 <= m < H and 0 <= n < W:
                        y[:, :, i, j] += x[:, :, m, n] @ conv.weight[:, :, a, c].T
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * scale
    return (y * scale[:, None, None] + shift[:, None, None]).clamp(min=0)


def weighed(scores: list[Tensor], values: list[Tensor]) -> Tensor:
    weights = [(s - max(scores)).exp() for s in scores]
    return sum(w * t for w, t in zip(weights, values, strict=True)) / sum(weights)


def equation(p, v, x: Tensor) -> Tensor:
    first = filtered(p.position_in, p.position_in_norm, x) if v.convs else x
    second = filtered(p.channel_in, p.channel_in_norm, x) if v.convs else x
    y_p, y_c = torch.zeros_like(first), torch.zeros_like(second)
    for b in range(x.shape[0]):
        pixels = list(first[b].flatten(1).T)
        q = [p.query.weight @ t + p.query.bias for t in pixels]
        k = [p.key.weight @ t + p.key.bias for t in pixels]
        u = [p.value.weight @ t + p.value.bias for t in pixels]
        for i, t in enumerate(pixels):
            mixed = p.position_gamma[0] * weighed([q[i] @ other for other in k], u) + t
            y_p[b].flatten(1)[:, i] = mixed
        maps = list(second[b])
        for i, t in enumerate(maps):
            scores = [(t * other).sum() for other in maps]
            scores = [max(scores) - s for s in scores] if v.inverted else scores
            y_c[b, i] = p.channel_gamma[0] * weighed(scores, maps) + t
    if v.convs:
        y_p = filtered(p.position_out, p.position_out_norm, y_p)
        y_c = filtered(p.channel_out, p.channel_out_norm, y_c)
    y = y_p + y_c
    if v.head:
        y = torch.einsum("kc,bcij->bkij", p.classify.weight, y) + p.classify.bias[:, None, None]
    return y


class Positions(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.k = nn.Conv2d(c, c // 8, 1), nn.Conv2d(c, c // 8, 1)
        self.v = nn.Conv2d(c, c, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).flatten(2) for f in (self.q, self.k, self.v))
        a = torch.einsum("bdn,bdm->bnm", q, k).softmax(-1)
        return x + self.gamma * torch.einsum("bnm,bcm->bcn", a, v).view_as(x)


class Channels(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        t = x.flatten(2)
        energy = t @ t.mT
        a = (energy.max(-1, keepdim=True).values - energy).softmax(-1)
        return x + self.gamma * (a @ t).view_as(x)


class TwoModules(nn.Module):
    """A module per branch, without convolutions."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.pam, self.cam = Positions(in_channels), Channels()

    def forward(self, x: Tensor) -> Tensor:
        return self.pam(x) + self.cam(x)


class Head(nn.Module):
    """As for segmentation: narrower, with convolutions around each branch, and a classifier."""

    def __init__(self, in_channels: int, nclass: int = 5) -> None:
        super().__init__()
        c = in_channels // 4
        self.pam, self.cam = Positions(c), Channels()
        self.before = nn.ModuleList(self.filter(in_channels, c) for _ in range(2))
        self.after = nn.ModuleList(self.filter(c, c) for _ in range(2))
        self.classify = nn.Sequential(nn.Dropout2d(0.1), nn.Conv2d(c, nclass, 1))

    @staticmethod
    def filter(c1: int, c2: int) -> nn.Module:
        conv = nn.Conv2d(c1, c2, 3, padding=1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(c2), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        p, c = (
            after(attention(before(x)))
            for before, attention, after in zip(
                self.before, (self.pam, self.cam), self.after, strict=True
            )
        )
        return self.classify(p + c)


class ChannelsDropped(TwoModules):
    def forward(self, x: Tensor) -> Tensor:
        return self.pam(x) + self.pam(x)


class OverTheBatch(Positions):
    def __init__(self, in_channels: int) -> None:
        super().__init__(in_channels)
        self.cam = Channels()

    def forward(self, x: Tensor) -> Tensor:
        q = self.q(x).flatten(2)
        a = (q.mT @ self.k(x).flatten(2)).softmax(0)
        return x + self.gamma * (self.v(x).flatten(2) @ a.mT).view_as(x) + self.cam(x)


STYLES = ["TwoModules", "Head"]
FAULTS = {"ChannelsDropped": "unused", "OverTheBatch": "batch-independence"}
