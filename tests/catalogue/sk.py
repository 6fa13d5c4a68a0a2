"""Selective kernels: two branches, weighed channel by channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "sk"
VALUES = [
    {"C": 4, "r": 2, "L": 3, "G": 2},
    {"C": 4, "r": 2, "L": 3, "G": 1, "wide": "5x5", "branch": "bare", "squeeze": "none"},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def branch(conv, x: Tensor, size: int, step: int, groups: int) -> Tensor:
    C, H, W = x.shape
    part = C // groups
    y = torch.zeros_like(x)
    for c in range(C):
        inside = range(c // part * part, c // part * part + part)
        for i in range(H):
            for j in range(W):
                for a in range(size):
                    for b in range(size):
                        m, n = i + step * (a - size // 2), j + step * (b - size // 2)
                        if 0 <= m < H and 0 <= n < W:
                            for k, e in enumerate(inside):
                                y[c, i, j] += conv.weight[c, k, a, b] * x[e, m, n]
    return y


def normed(norm, t: Tensor) -> Tensor:
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * scale
    return (t.movedim(0, -1) * scale + shift).movedim(-1, 0)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        first = branch(p.small, x[b], 3, 1, v.G)
        if v.wide == "5x5":
            second = branch(p.large_full, x[b], 5, 1, v.G)
        else:
            second = branch(p.large, x[b], 3, 2, v.G)
        if v.branch == "batch":
            first = normed(p.small_norm, first).clamp(min=0)
            second = normed(p.large_norm, second).clamp(min=0)
        z = p.fuse.weight @ (first + second).mean((1, 2))
        z = (normed(p.fuse_norm, z) if v.squeeze == "batch" else z).clamp(min=0)
        for c in range(v.C):
            e_1 = (p.select_small.weight[c] @ z + p.select_small.bias[c]).exp()
            e_2 = (p.select_large.weight[c] @ z + p.select_large.bias[c]).exp()
            y[b, c] = (e_1 * first[c] + e_2 * second[c]) / (e_1 + e_2)
    return y


class Branch(nn.Sequential):
    def __init__(self, c: int, groups: int, dilation: int) -> None:
        conv = nn.Conv2d(c, c, 3, 1, dilation, dilation, groups, bias=False)
        super().__init__(conv, nn.BatchNorm2d(c), nn.ReLU())


class OneLastMatrix(nn.Module):
    """The logits of both branches by one matrix, a softmax over the split."""

    def __init__(self, features: int, G: int = 4, r: int = 4, L: int = 8) -> None:
        super().__init__()
        d = max(features // r, L)
        self.convs = nn.ModuleList([Branch(features, G, 1), Branch(features, G, 2)])
        self.fc = nn.Sequential(nn.Linear(features, d, bias=False), nn.BatchNorm1d(d), nn.ReLU())
        self.fcs = nn.Linear(d, 2 * features)

    def weights(self, u: Tensor) -> Tensor:
        z = self.fcs(self.fc(u.sum(0).mean((-1, -2))))
        return z.unflatten(1, (2, -1)).transpose(0, 1)[..., None, None].softmax(dim=0)

    def forward(self, x: Tensor) -> Tensor:
        u = torch.stack([conv(x) for conv in self.convs])
        return (u * self.weights(u)).sum(0)


class OverTheBatch(OneLastMatrix):
    def weights(self, u: Tensor) -> Tensor:
        z = self.fcs(self.fc(u.sum(0).mean((-1, -2))))
        return z.unflatten(1, (2, -1)).softmax(0).transpose(0, 1)[..., None, None]


class Sigmoids(OneLastMatrix):
    def weights(self, u: Tensor) -> Tensor:
        z = self.fcs(self.fc(u.sum(0).mean((-1, -2))))
        return z.unflatten(1, (2, -1)).transpose(0, 1)[..., None, None].sigmoid()


STYLES = ["OneLastMatrix"]
FAULTS = {"OverTheBatch": "batch-independence", "Sigmoids": "equivalence"}
