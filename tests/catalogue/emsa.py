"""Efficient multi-head self-attention of ResT: fewer keys, heads that mix, maps made alike."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "emsa"
VALUES = [
    {"C": 4, "heads": 2, "R": 2, "H": 2, "W": 4},
    {"C": 3, "heads": 1, "R": 1, "H": 2, "W": 3, "bias": False, "transform": False},
    {"C": 4, "heads": 2, "R": 3, "H": 3, "W": 6, "mix_bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.H * v.W, v.C, dtype=torch.float64),)


def keys(p, v, x: Tensor) -> list[Tensor]:
    """Return the tokens of the smaller map."""
    if v.R == 1:
        return list(x)
    out = []
    for i in range(v.H // v.R):
        for j in range(v.W // v.R):
            z = p.reduce.bias.clone()
            for a in range(v.R + 1):
                for b in range(v.R + 1):
                    k, m = i * v.R + a - v.R // 2, j * v.R + b - v.R // 2
                    if 0 <= k < v.H and 0 <= m < v.W:
                        z = z + p.reduce.weight[:, 0, a, b] * x[k * v.W + m]
            z = (z - z.mean()) / (z.var(unbiased=False) + p.scale.eps) ** 0.5
            out.append(z * p.scale.weight + p.scale.bias)
    return out


def equation(p, v, x: Tensor) -> Tensor:
    x = x[0]
    z, N, d = keys(p, v, x), v.H * v.W, v.C // v.heads
    logits = torch.zeros(v.heads, N, len(z), dtype=x.dtype)
    for h in range(v.heads):
        own = slice(h * d, (h + 1) * d)
        for n in range(N):
            for m, key in enumerate(z):
                logits[h, n, m] = p.query(x[n])[own] @ p.key(key)[own] / d**0.5
    maps = []
    for h in range(v.heads):
        a = logits[h]
        if v.transform:
            a = sum(p.mix.weight[h, g] * logits[g] for g in range(v.heads))
            a = a + (p.mix.bias[h] if v.mix_bias else 0)
        a = a.exp() / a.exp().sum(1, keepdim=True)
        if v.transform:
            a = (a - a.mean()) / ((a - a.mean()).square().mean() + 1e-5) ** 0.5
        maps.append(a)
    y = torch.zeros_like(x)
    for n in range(N):
        merged = [
            sum(maps[h][n, m] * p.value(key)[h * d : (h + 1) * d] for m, key in enumerate(z))
            for h in range(v.heads)
        ]
        y[n] = p.output(torch.cat(merged))
    return y[None]


class OnEachCall(nn.Module):
    """Height and width on each call, keys and values in one projection."""

    def __init__(self, dim: int, num_heads: int, sr_ratio: int) -> None:
        super().__init__()
        self.heads = num_heads
        self.q = nn.Linear(dim, dim, bias=False)
        self.kv = nn.Linear(dim, 2 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)
        self.sr = nn.Conv2d(dim, dim, sr_ratio + 1, sr_ratio, padding=sr_ratio // 2, groups=dim)
        self.norm = nn.LayerNorm(dim)
        self.mix = nn.Conv2d(num_heads, num_heads, 1)
        self.alike = nn.InstanceNorm2d(num_heads)

    def grid(self, x: Tensor, H: int, W: int) -> Tensor:
        return x.transpose(1, 2).reshape(x.shape[0], -1, H, W)

    def weights(self, scores: Tensor) -> Tensor:
        return self.alike(self.mix(scores).softmax(-1))

    def forward(self, x: Tensor, H: int, W: int) -> Tensor:
        B, N, C = x.shape
        q = self.q(x).reshape(B, N, self.heads, -1).transpose(1, 2)
        z = self.norm(self.sr(self.grid(x, H, W)).flatten(2).transpose(1, 2))
        kv = self.kv(z).reshape(B, -1, 2, self.heads, C // self.heads)
        k, v = kv.permute(2, 0, 3, 1, 4).unbind(0)
        attn = self.weights(q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5)
        return self.proj((attn @ v).transpose(1, 2).reshape(B, N, C))


class OnMaps(nn.Module):
    """A map in, a map out; sums by einsum, the norm of the maps by hand."""

    def __init__(self, channels: int, num_heads: int, sr_ratio: int = 2) -> None:
        super().__init__()
        self.h, r = num_heads, sr_ratio
        self.to_q, self.to_k, self.to_v = (nn.Conv2d(channels, channels, 1) for _ in range(3))
        self.down = nn.Conv2d(channels, channels, r + 1, r, r // 2, groups=channels)
        self.ln = nn.LayerNorm(channels)
        self.talk = nn.Parameter(torch.eye(num_heads))
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        z = self.ln(self.down(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        q, k, v = (
            f(t).reshape(B, self.h, C // self.h, -1)
            for f, t in ((self.to_q, x), (self.to_k, z), (self.to_v, z))
        )
        s = torch.einsum("bhdn,bhdm->bhnm", q, k) / (C // self.h) ** 0.5
        a = torch.einsum("gh,bhnm->bgnm", self.talk, s).softmax(-1)
        a = a - a.mean((2, 3), keepdim=True)
        a = a / (a.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
        return self.out(torch.einsum("bhnm,bhdm->bhdn", a, v).reshape(B, C, H, W))


class MixedAfter(OnEachCall):
    def weights(self, scores: Tensor) -> Tensor:
        return self.alike(self.mix(scores.softmax(-1)))


class NormedBefore(OnEachCall):
    def weights(self, scores: Tensor) -> Tensor:
        return self.alike(self.mix(scores)).softmax(-1)


class NotMixed(OnEachCall):
    def weights(self, scores: Tensor) -> Tensor:
        return self.alike(scores.softmax(-1))


class Scrambled(OnEachCall):
    def grid(self, x: Tensor, H: int, W: int) -> Tensor:
        return x.reshape(x.shape[0], -1, H, W)


STYLES = ["OnEachCall", "OnMaps"]
FAULTS = {
    "MixedAfter": "equivalence",
    "NormedBefore": "equivalence",
    "NotMixed": "unused",
    "Scrambled": "equivalence",
}
