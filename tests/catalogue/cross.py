"""Cross-attention: queries from one sequence, keys and values from another."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "cross"
VALUES = [
    {"C": 4, "D": 3, "heads": 2, "head_dim": 2},
    {"C": 4, "D": 4, "heads": 1, "head_dim": 3, "bias": False, "out": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    x = torch.randn(2, 3, v.C, dtype=torch.float64)
    return x, torch.randn(2, 5, v.D, dtype=torch.float64)


def row(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def equation(p, v, x: Tensor, memory: Tensor) -> Tensor:
    d = v.head_dim
    outs = []
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            q = row(p.query, x[b, i])
            parts = []
            for h in range(v.heads):
                own = slice(h * d, (h + 1) * d)
                ks = [row(p.key, m)[own] for m in memory[b]]
                es = [(q[own] @ k / d**0.5).exp() for k in ks]
                vs = [row(p.value, m)[own] for m in memory[b]]
                parts.append(sum(e * u for e, u in zip(es, vs, strict=True)) / sum(es))
            joined = torch.cat(parts)
            outs.append(row(p.output, joined) if v.out else joined)
    return torch.stack(outs).reshape(x.shape[0], x.shape[1], -1)


class Fused(nn.Module):
    """Keys and values of one matrix, fused attention."""

    def __init__(self, dim: int, context_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(context_dim, 2 * dim)
        self.proj = nn.Linear(dim, dim)

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        k, v = self.kv(context).chunk(2, -1)
        a = F.scaled_dot_product_attention(self.cut(self.q(x)), self.cut(k), self.cut(v))
        return self.proj(a.transpose(1, 2).flatten(2))


class SoftmaxOfQueries(Fused):
    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        k, v = self.kv(context).chunk(2, -1)
        q, k, v = self.cut(self.q(x)), self.cut(k), self.cut(v)
        a = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2) @ v
        return self.proj(a.transpose(1, 2).flatten(2))


class OwnKeys(Fused):
    """The keys are the queries' own tokens, over and over."""

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        k = self.kv(x.repeat(1, 9, 1)[:, : context.shape[1]]).chunk(2, -1)[0]
        v = self.kv(context).chunk(2, -1)[1]
        a = F.scaled_dot_product_attention(self.cut(self.q(x)), self.cut(k), self.cut(v))
        return self.proj(a.transpose(1, 2).flatten(2))


STYLES = ["Fused"]
FAULTS = {"SoftmaxOfQueries": "weights", "OwnKeys": "reach of the queries"}
