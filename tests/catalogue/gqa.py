"""Grouped-query attention: neighbouring query heads share a key and a value head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import row

SPEC = "gqa"
VALUES = [
    {"C": 4, "heads": 4, "kv_heads": 2, "head_dim": 1},
    {"C": 3, "heads": 3, "kv_heads": 1, "head_dim": 2, "causal": True, "bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    outs = []
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            q = row(p.query, x[b, i])
            parts = []
            for h in range(v.heads):
                g = h * v.kv_heads // v.heads
                own = slice(g * d, (g + 1) * d)
                seen = x[b, : i + 1] if v.causal else x[b]
                mine = q[h * d : (h + 1) * d]
                es = [(mine @ row(p.key, t)[own] / d**0.5).exp() for t in seen]
                vs = [row(p.value, t)[own] for t in seen]
                parts.append(sum(e * u for e, u in zip(es, vs, strict=True)) / sum(es))
            outs.append(row(p.output, torch.cat(parts)))
    return torch.stack(outs).reshape(x.shape)


class Expanded(nn.Module):
    """Llama's names; heads repeated by expand and reshape; causal."""

    def __init__(self, hidden_size: int, num_heads: int, num_kv_heads: int) -> None:
        super().__init__()
        self.heads, self.kv, self.d = num_heads, num_kv_heads, hidden_size // num_heads
        self.q_proj = nn.Linear(hidden_size, hidden_size, bias=False)
        self.k_proj = nn.Linear(hidden_size, self.kv * self.d, bias=False)
        self.v_proj = nn.Linear(hidden_size, self.kv * self.d, bias=False)
        self.o_proj = nn.Linear(hidden_size, hidden_size, bias=False)

    def spread(self, t: Tensor) -> Tensor:
        b, g, n, d = t.shape
        wide = t[:, :, None].expand(b, g, self.heads // self.kv, n, d)
        return wide.reshape(b, self.heads, n, d)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q = self.q_proj(x).view(b, n, self.heads, self.d).transpose(1, 2)
        k = self.k_proj(x).view(b, n, self.kv, self.d).transpose(1, 2)
        v = self.v_proj(x).view(b, n, self.kv, self.d).transpose(1, 2)
        k, v = self.spread(k), self.spread(v)
        return self.o_proj(self.weigh(q, k, v).transpose(1, 2).reshape(b, n, c))

    def weigh(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)


class Tiled(Expanded):
    def spread(self, t: Tensor) -> Tensor:
        return t.repeat(1, self.heads // self.kv, 1, 1)


class WidthOfTheModel(Expanded):
    def weigh(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = q @ k.transpose(-1, -2) / (self.heads * self.d) ** 0.5
        return scores.softmax(-1) @ v


STYLES = ["Expanded"]
FAULTS = {"Tiled": "equivalence", "WidthOfTheModel": "logit-scale"}
