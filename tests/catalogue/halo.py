"""Blocked local attention: blocks of queries, their blocks and halos as keys."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "halo"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 2, "block": 2, "halo": 1},
    {"C": 4, "heads": 2, "head_dim": 2, "block": 2, "halo": 1, "position": True, "out": True},
    {
        "C": 3,
        "heads": 1,
        "head_dim": 3,
        "block": 1,
        "halo": 2,
        "position": True,
        "scale": "content",
    },
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 4, 2 * v.block, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    H, W, d, b, size = x.shape[2], x.shape[3], v.head_dim, v.block, v.size
    y = []
    for a, c in [(a, c) for a in range(H) for c in range(W)]:
        top, left = a // b * b, c // b * b
        near = [
            (i, j)
            for i in range(top - v.halo, top + b + v.halo)
            for j in range(left - v.halo, left + b + v.halo)
            if 0 <= i < H and 0 <= j < W
        ]
        heads = []
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            q = p.query(x[0, :, a, c])[own]
            e = []
            for i, j in near:
                logit = q @ p.key(x[0, :, i, j])[own] / d**0.5
                if v.position:  # offsets are counted from the window's corner
                    row = i - top + v.halo - (a - top) + size - 1
                    column = j - left + v.halo - (c - left) + size - 1
                    place = q @ (p.height[row] + p.width[column])
                    logit = logit + (place / d**0.5 if v.scale == "both" else place)
                e.append(logit)
            weights = torch.stack(e).softmax(0)
            values = [p.value(x[0, :, i, j])[own] for i, j in near]
            heads.append(sum(w * u for w, u in zip(weights, values, strict=True)))
        merged = torch.cat(heads)
        y.append(p.output(merged) if v.out else merged)
    return torch.stack(y, 1).reshape(1, -1, H, W)


class ByUnfold(nn.Module):
    """Everything cut out by unfold, places beyond the map filled with the lowest number."""

    def __init__(self, dim: int, block_size: int, halo_size: int, heads: int) -> None:
        super().__init__()
        self.block, self.halo, self.heads = block_size, halo_size, heads
        self.scale = (dim // heads) ** -0.5
        self.to_q = nn.Conv2d(dim, dim, 1, bias=False)
        self.to_kv = nn.Conv2d(dim, 2 * dim, 1, bias=False)
        self.to_out = nn.Conv2d(dim, dim, 1)

    def cut(self, t: Tensor, halo: int) -> Tensor:
        size = self.block + 2 * halo
        t = F.unfold(t, size, stride=self.block, padding=halo)
        return t.unflatten(1, (-1, size**2)).permute(0, 3, 2, 1)

    def masked(self, logits: Tensor, x: Tensor) -> Tensor:
        inside = self.cut(torch.ones_like(x[:, :1]), self.halo)[:, :, None, None, :, 0]
        return logits.masked_fill(inside == 0, -torch.finfo(logits.dtype).max)

    def forward(self, x: Tensor) -> Tensor:
        k, v = self.cut(self.to_kv(x), self.halo).chunk(2, -1)
        q = self.cut(self.to_q(x), 0) * self.scale
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(2, 3) for t in (q, k, v))
        out = self.masked(q @ k.mT, x).softmax(-1) @ v
        out = out.transpose(2, 3).flatten(3).permute(0, 3, 2, 1).flatten(1, 2)
        return self.to_out(F.fold(out, x.shape[2:], self.block, stride=self.block))


class PaddingAttended(ByUnfold):
    def masked(self, logits: Tensor, x: Tensor) -> Tensor:
        return logits


class MaskInverted(ByUnfold):
    def masked(self, logits: Tensor, x: Tensor) -> Tensor:
        inside = self.cut(torch.ones_like(x[:, :1]), self.halo)[:, :, None, None, :, 0]
        return logits.masked_fill(inside == 1, -torch.finfo(logits.dtype).max)


STYLES = ["ByUnfold"]
FAULTS = {"PaddingAttended": "weights", "MaskInverted": "reach"}
