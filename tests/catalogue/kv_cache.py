"""A cache of keys and values: step by step gives what one call gives."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import attended

SPEC = "kv-cache"
VALUES = [
    {"C": 4, "heads": 2, "kv_heads": 2, "head_dim": 2},
    {"C": 3, "heads": 1, "kv_heads": 1, "head_dim": 2, "bias": False, "out_bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    return attended(p, v, x, lambda i, j: j <= i)


class Passed(nn.Module):
    """The cache is a dictionary that goes in and out."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def seen(self, n: int, m: int) -> Tensor:
        return torch.ones(n, m, dtype=torch.bool).tril(m - n)

    def joined(self, old: Tensor, new: Tensor) -> Tensor:
        return torch.cat((old, new), 2)

    def forward(self, x: Tensor, cache: dict[str, Tensor] | None = None):
        q, k, v = self.cut(self.q(x)), self.cut(self.k(x)), self.cut(self.v(x))
        if cache is not None:
            k, v = self.joined(cache["k"], k), self.joined(cache["v"], v)
        seen = self.seen(x.shape[1], k.shape[2]).to(x.device)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.o(a.transpose(1, 2).flatten(2)), {"k": k, "v": v}


class AlignedToTheFirst(Passed):
    def seen(self, n: int, m: int) -> Tensor:
        return torch.ones(n, m, dtype=torch.bool).tril()


class NewOnesFirst(Passed):
    def joined(self, old: Tensor, new: Tensor) -> Tensor:
        return torch.cat((new, old), 2)


STYLES = ["Passed"]
FAULTS = {"AlignedToTheFirst": "cache", "NewOnesFirst": "cache"}
