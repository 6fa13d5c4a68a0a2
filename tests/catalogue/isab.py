"""Induced set attention: a set reads itself through a few learned points."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.mab import HeadsInTheBatch, block

SPEC = "isab"
VALUES = [
    {"C": 3, "E": 4, "heads": 2, "m": 2},
    {"C": 4, "E": 4, "heads": 2, "m": 3, "bias": False, "norms": False, "scale": "head"},
]
CALL = {"dim_in": 12, "dim_out": 12, "num_heads": 3, "num_inds": 4, "inputs": ("2x5x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    return torch.stack([block(p, v, "2", z, block(p, v, "1", p.inducing, z, v.E), v.E) for z in x])


class Block(nn.Module):
    """MAB with fused attention; scores scaled as the authors do."""

    def __init__(self, q: int, k: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, width**-0.5
        self.q, self.kv = nn.Linear(q, width), nn.Linear(k, 2 * width)
        self.o = nn.Linear(width, width)
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        first = self.q(x)
        q, k, v = (
            t.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for t in (first, *self.kv(y).chunk(2, 2))
        )
        a = F.scaled_dot_product_attention(q, k, v, scale=self.scale)
        h = self.n1(first + a.transpose(1, 2).flatten(2))
        return self.n2(h + F.relu(self.o(h)))


class TwoBlocks(nn.Module):
    """The authors' way: points with an axis for the batch, and two blocks."""

    def __init__(self, dim_in: int, dim_out: int, num_heads: int, num_inds: int) -> None:
        super().__init__()
        self.I = nn.Parameter(torch.empty(1, num_inds, dim_out))
        nn.init.xavier_uniform_(self.I)
        self.mab0 = HeadsInTheBatch(dim_out, dim_in, dim_out, num_heads)
        self.mab1 = HeadsInTheBatch(dim_in, dim_out, dim_out, num_heads)

    def forward(self, x: Tensor) -> Tensor:
        return self.mab1(x, self.mab0(self.I.repeat(x.shape[0], 1, 1), x))


class Fused(nn.Module):
    """Fused attention, points without an axis for the batch."""

    def __init__(self, dim_in: int, dim_out: int, num_heads: int, num_inds: int) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.randn(num_inds, dim_out))
        self.gather = Block(dim_out, dim_in, dim_out, num_heads)
        self.spread = Block(dim_in, dim_out, dim_out, num_heads)

    def forward(self, x: Tensor) -> Tensor:
        points = self.points[None].expand(len(x), -1, -1)
        return self.spread(x, self.gather(points, x))


class OneBlock(TwoBlocks):
    def forward(self, x: Tensor) -> Tensor:
        return self.mab1(x, self.mab1(self.I.repeat(x.shape[0], 1, 1), x))


class SetAgain(TwoBlocks):
    def forward(self, x: Tensor) -> Tensor:
        return self.mab1(x, x)


class PointsOfTheBatch(TwoBlocks):
    def forward(self, x: Tensor) -> Tensor:
        points = self.I.repeat(x.shape[0], 1, 1)
        h = self.mab0(points, x)
        return self.mab1(x, h.mean(0, keepdim=True).expand_as(h))


class FirstPoint(TwoBlocks):
    def forward(self, x: Tensor) -> Tensor:
        return self.mab1(x, self.mab0(self.I.repeat(x.shape[0], 1, 1), x[:, :1]))


STYLES = ["TwoBlocks", "Fused"]
FAULTS = {
    "OneBlock": "unused",
    "SetAgain": "unused",
    "PointsOfTheBatch": "batch-independence",
    "FirstPoint": "reach",
}
