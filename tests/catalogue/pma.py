"""Pooling by multihead attention: learned seeds read a set."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.mab import HeadsInTheBatch, block, row

SPEC = "pma"
VALUES = [
    {"C": 4, "heads": 2, "K": 2},
    {"C": 4, "heads": 1, "K": 1, "bias": False, "norms": False, "scale": "head", "first": True},
]
CALL = {"dim": 12, "num_heads": 3, "num_seeds": 2, "inputs": ("2x5x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    sets = x
    if v.first:
        sets = [torch.stack([row(p.before, t).clamp(min=0) for t in z]) for z in x]
    return torch.stack([block(p, v, "", p.seeds, z, v.C) for z in sets])


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


class Repeated(nn.Module):
    """The authors' way: seeds repeated for each sample."""

    def __init__(self, dim: int, num_heads: int, num_seeds: int) -> None:
        super().__init__()
        self.S = nn.Parameter(torch.empty(1, num_seeds, dim))
        nn.init.xavier_uniform_(self.S)
        self.mab = HeadsInTheBatch(dim, dim, dim, num_heads)

    def forward(self, x: Tensor) -> Tensor:
        return self.mab(self.S.repeat(x.shape[0], 1, 1), x)


class FeedForwardFirst(nn.Module):
    """As the equation: a layer on the set before, fused attention."""

    def __init__(self, dim: int, num_heads: int, num_seeds: int) -> None:
        super().__init__()
        self.rff = nn.Sequential(nn.Linear(dim, dim), nn.ReLU())
        self.seeds = nn.Parameter(torch.randn(num_seeds, dim) / dim)
        self.block = Block(dim, dim, dim, num_heads)

    def forward(self, z: Tensor) -> Tensor:
        return self.block(self.seeds.unsqueeze(0).expand(z.shape[0], -1, -1), self.rff(z))


class MeanQuery(Repeated):
    def forward(self, x: Tensor) -> Tensor:
        seeds = self.S.repeat(x.shape[0], 1, 1)
        return self.mab(x.mean(1, keepdim=True).expand_as(seeds), x)


class OverTheSeeds(Repeated):
    def __init__(self, dim: int, num_heads: int, num_seeds: int) -> None:
        super().__init__(dim, num_heads, num_seeds)
        self.mab.weights = lambda s: torch.softmax(s / dim**0.5, 1)


class FromTheSet(Repeated):
    def forward(self, x: Tensor) -> Tensor:
        return self.mab(x, self.S.repeat(x.shape[0], 1, 1))


class FirstMember(Repeated):
    def forward(self, x: Tensor) -> Tensor:
        return self.mab(self.S.repeat(x.shape[0], 1, 1), x[:, :1])


STYLES = ["Repeated", "FeedForwardFirst"]
FAULTS = {
    "MeanQuery": "unused",
    "OverTheSeeds": "repetition",
    "FromTheSet": "shape",
    "FirstMember": "token-permutation",
}
