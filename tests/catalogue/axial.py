"""Axial attention: along columns and along rows, one after the other or added."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "axial"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 3},
    {"C": 3, "heads": 1, "head_dim": 3, "order": "height first", "bias": True},
    {"C": 4, "heads": 2, "head_dim": 2, "order": "width first", "out": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 3, 4, dtype=torch.float64),)


def _attention(p, v, number: int, t: Tensor) -> Tensor:
    """Attend within one sequence (N, C)."""
    named = {n: getattr(p, f"{n}_{number}") for n in ("query", "key", "value", "output")}
    d = v.head_dim
    rows = []
    for i in range(len(t)):
        heads = []
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            q = named["query"](t[i])[own]
            e = torch.stack([q @ named["key"](u)[own] / d**0.5 for u in t]).softmax(0)
            heads.append(sum(e[j] * named["value"](t[j])[own] for j in range(len(t))))
        merged = torch.cat(heads)
        rows.append(named["output"](merged) if v.out else merged)
    return torch.stack(rows)


def _columns(p, v, number: int, x: Tensor) -> Tensor:
    found = [_attention(p, v, number, x[0, :, :, j].T) for j in range(x.shape[3])]
    return torch.stack(found).permute(2, 1, 0)[None]


def _rows(p, v, number: int, x: Tensor) -> Tensor:
    found = [_attention(p, v, number, x[0, :, i].T) for i in range(x.shape[2])]
    return torch.stack(found).permute(2, 0, 1)[None]


def equation(p, v, x: Tensor) -> Tensor:
    if v.order == "sum":
        return _columns(p, v, 1, x) + _rows(p, v, 2, x)
    if v.order == "height first":
        return _rows(p, v, 2, _columns(p, v, 1, x))
    return _columns(p, v, 2, _rows(p, v, 1, x))


class Along(nn.Module):
    """Attention along the middle axis of (B', N, C)."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim)

    def forward(self, t: Tensor) -> Tensor:
        q, k, v = (
            u.unflatten(-1, (self.heads, -1)).transpose(1, 2) for u in self.qkv(t).chunk(3, -1)
        )
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class HeightThenWidth(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.height, self.width = Along(dim, heads), Along(dim, heads)

    def columns(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        t = self.height(x.permute(0, 3, 2, 1).reshape(B * W, H, C))
        return t.reshape(B, W, H, C).permute(0, 3, 2, 1)

    def rows(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        t = self.width(x.permute(0, 2, 3, 1).reshape(B * H, W, C))
        return t.reshape(B, H, W, C).permute(0, 3, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.rows(self.columns(x))


class OneAxis(HeightThenWidth):
    def columns(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        t = self.height(x.permute(0, 2, 3, 1).reshape(B * H, W, C))
        return t.reshape(B, H, W, C).permute(0, 3, 1, 2)


class WrongOrder(HeightThenWidth):
    def columns(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        t = self.height(x.permute(0, 3, 2, 1).reshape(B * W, H, C))
        return t.reshape(B, H, W, C).permute(0, 3, 1, 2)


STYLES = ["HeightThenWidth"]
FAULTS = {"OneAxis": "reach", "WrongOrder": "row-equivariance"}
