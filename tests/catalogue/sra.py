"""Spatial-reduction attention: fewer keys than queries."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "sra"
VALUES = [
    {"C": 4, "heads": 2, "R": 2, "H": 2, "W": 4},
    {"C": 3, "heads": 1, "R": 1, "H": 2, "W": 3, "bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.H * v.W, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    R, d = v.R, v.C // v.heads
    keys = []
    for i in range(v.H // R):
        for j in range(v.W // R):
            if R == 1:  # nothing is reduced, and nothing normalised
                keys.append(x[0, i * v.W + j])
                continue
            z = p.reduce.bias.clone()
            for a in range(R):
                for b in range(R):
                    token = x[0, (i * R + a) * v.W + j * R + b]
                    z = z + p.reduce.weight[:, :, a, b] @ token
            z = (z - z.mean()) / (z.var(unbiased=False) + p.scale.eps) ** 0.5
            keys.append(z * p.scale.weight + p.scale.bias)
    y = torch.zeros_like(x)
    for n in range(v.H * v.W):
        heads = []
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            q = p.query(x[0, n])[own]
            e = torch.stack([q @ p.key(z)[own] / d**0.5 for z in keys]).softmax(0)
            heads.append(sum(w * p.value(z)[own] for w, z in zip(e, keys, strict=True)))
        y[0, n] = p.output(torch.cat(heads))
    return y


class Reduced(nn.Module):
    """Height and width on each call, keys and values in one projection."""

    def __init__(self, dim: int, num_heads: int, sr_ratio: int) -> None:
        super().__init__()
        self.heads = num_heads
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(dim, 2 * dim)
        self.proj = nn.Linear(dim, dim)
        self.sr = nn.Conv2d(dim, dim, sr_ratio, sr_ratio)
        self.norm = nn.LayerNorm(dim)

    def grid(self, x: Tensor, H: int, W: int) -> Tensor:
        return x.transpose(1, 2).reshape(x.shape[0], -1, H, W)

    def scale(self, q: Tensor) -> float:
        return q.shape[-1] ** -0.5

    def forward(self, x: Tensor, H: int, W: int) -> Tensor:
        B, N, C = x.shape
        q = self.q(x).reshape(B, N, self.heads, -1).transpose(1, 2)
        z = self.norm(self.sr(self.grid(x, H, W)).flatten(2).transpose(1, 2))
        kv = self.kv(z).reshape(B, -1, 2, self.heads, C // self.heads)
        k, v = kv.permute(2, 0, 3, 1, 4).unbind(0)
        attn = (q @ k.transpose(-2, -1) * self.scale(q)).softmax(-1)
        return self.proj((attn @ v).transpose(1, 2).reshape(B, N, C))


class Unscaled(Reduced):
    def scale(self, q: Tensor) -> float:
        return 1.0


class Scrambled(Reduced):
    def grid(self, x: Tensor, H: int, W: int) -> Tensor:
        return x.reshape(x.shape[0], -1, H, W)


STYLES = ["Reduced"]
FAULTS = {"Unscaled": "logit-scale", "Scrambled": "equivalence"}
