"""Deformable attention: places moved by what the queries say, read between pixels."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "deformable"
VALUES = [
    {"C": 4, "heads": 2},
    {"C": 4, "heads": 1, "groups": 2, "network": True, "n": 3, "range": "bounded"},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 3, 4, dtype=torch.float64),)


def _between(image: Tensor, row: float, column: float) -> Tensor:
    """Read (C, H, W) between pixels, zeros outside."""
    found = torch.zeros(image.shape[0], dtype=image.dtype)
    for i in (math.floor(row), math.floor(row) + 1):
        for j in (math.floor(column), math.floor(column) + 1):
            if 0 <= i < image.shape[1] and 0 <= j < image.shape[2]:
                found = found + (1 - abs(row - i)) * (1 - abs(column - j)) * image[:, i, j]
    return found


def equation(p, v, x: Tensor) -> Tensor:
    H, W, d, c = x.shape[2], x.shape[3], v.C // v.heads, v.c
    places = [(i, j) for i in range(H) for j in range(W)]
    q = {at: p.query(x[0, :, at[0], at[1]]) for at in places}
    read: dict[tuple[int, int], Tensor] = {}
    for i, j in places:
        parts = []
        for g in range(v.groups):
            own = slice(g * c, (g + 1) * c)
            n = q[i, j][own]
            if v.network:
                half = v.n // 2
                n = p.near.bias.clone()
                for a in range(v.n):
                    for b in range(v.n):
                        at = (i + a - half, j + b - half)
                        if at in q:
                            n = n + p.near.weight[:, 0, a, b] * q[at][own]
                n = F.gelu(n)
            step = p.offset(n)
            if v.range == "bounded":
                step = step.tanh() * torch.tensor([W, H]) / 2
            parts.append(_between(x[0, own], float(i + step[1]), float(j + step[0])))
        read[i, j] = torch.cat(parts)
    y = torch.zeros_like(x)
    for i, j in places:
        heads = []
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            e = [q[i, j][own] @ p.key(read[at])[own] / d**0.5 for at in places]
            e = torch.stack(e).softmax(0)
            heads.append(sum(w * p.value(read[at])[own] for w, at in zip(e, places, strict=True)))
        y[0, :, i, j] = p.output(torch.cat(heads))
    return y


class Sampled(nn.Module):
    """Corners aligned, fused attention."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Conv2d(dim, dim, 1) for _ in range(4))
        self.move = nn.Conv2d(dim, 2, 1)

    def grid(self, x: Tensor) -> Tensor:
        H, W = x.shape[2:]
        columns = torch.arange(W, dtype=x.dtype, device=x.device)
        rows = torch.arange(H, dtype=x.dtype, device=x.device)
        return torch.stack((columns.expand(H, W), rows[:, None].expand(H, W)))

    def unit(self, at: Tensor, H: int, W: int) -> Tensor:
        most = torch.tensor([W - 1, H - 1], dtype=at.dtype, device=at.device)[:, None, None]
        return (2 * at / most - 1).permute(0, 2, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        H, W = x.shape[2:]
        q = self.q(x)
        at = self.grid(x) + self.move(q)
        seen = F.grid_sample(x, self.unit(at, H, W), align_corners=True)
        parts = (q, self.k(seen), self.v(seen))
        q, k, v = (t.flatten(2).unflatten(1, (self.heads, -1)).transpose(2, 3) for t in parts)
        y = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(x.shape)
        return self.out(y)


class OffsetsDetached(Sampled):
    def unit(self, at: Tensor, H: int, W: int) -> Tensor:
        return super().unit(at.detach(), H, W)


class AxesSwapped(Sampled):
    def grid(self, x: Tensor) -> Tensor:
        return super().grid(x).flip(0)

    def unit(self, at: Tensor, H: int, W: int) -> Tensor:
        return super().unit(at, W, H)


STYLES = ["Sampled"]
FAULTS = {"OffsetsDetached": "gradient-flow", "AxesSwapped": "equivalence"}
