"""Multi-query attention: all heads share one key and one value."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.catalogue.causal import row

SPEC = "mqa"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 2},
    {"C": 3, "heads": 3, "head_dim": 2, "causal": True, "bias": False, "out_bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    outs = []
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            q = row(p.query, x[b, i])
            seen = x[b, : i + 1] if v.causal else x[b]
            parts = []
            for h in range(v.heads):
                mine = q[h * d : (h + 1) * d]
                es = [(mine @ row(p.key, t) / d**0.5).exp() for t in seen]
                vs = [row(p.value, t) for t in seen]
                parts.append(sum(e * u for e, u in zip(es, vs, strict=True)) / sum(es))
            outs.append(row(p.output, torch.cat(parts)))
    return torch.stack(outs).reshape(x.shape)


class Contracted(nn.Module):
    """One matrix for queries, key and value; sums as einsums."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.d = heads, dim // heads
        self.qkv = nn.Linear(dim, dim + 2 * self.d)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).split([x.shape[-1], self.d, self.d], -1)
        e = torch.einsum("bnhd,bmd->bhnm", q.unflatten(-1, (self.heads, self.d)), k)
        return self.out(torch.einsum("bhnm,bmd->bnhd", self.weigh(e), v).flatten(2))

    def weigh(self, e: Tensor) -> Tensor:
        return (e / self.d**0.5).softmax(-1)


class OverHeads(Contracted):
    def weigh(self, e: Tensor) -> Tensor:
        return (e / self.d**0.5).softmax(1)


class NotScaled(Contracted):
    def weigh(self, e: Tensor) -> Tensor:
        return e.softmax(-1)


STYLES = ["Contracted"]
FAULTS = {"OverHeads": "weights", "NotScaled": "logit-scale"}
