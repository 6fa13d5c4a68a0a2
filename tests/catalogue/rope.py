"""Rotary positions: queries and keys are turned by an angle that grows with the position."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import row

SPEC = "rope"
VALUES = [
    {"C": 8, "heads": 2, "kv_heads": 2, "head_dim": 4},
    {
        "C": 4,
        "heads": 1,
        "kv_heads": 1,
        "head_dim": 4,
        "positions": "half",
        "causal": True,
        "bias": False,
    },
    {"C": 4, "heads": 2, "kv_heads": 2, "head_dim": 2, "base": 50.0},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def turned(t: Tensor, m: int, v) -> Tensor:
    d = t.shape[0]
    out = t.clone()
    for i in range(d // 2):
        angle = m * v.base ** (-2 * i / d)
        a, b = (i, i + d // 2) if v.positions == "half" else (2 * i, 2 * i + 1)
        out[a] = t[a] * math.cos(angle) - t[b] * math.sin(angle)
        out[b] = t[a] * math.sin(angle) + t[b] * math.cos(angle)
    return out


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    outs = []
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            parts = []
            for h in range(v.heads):
                own = slice(h * d, (h + 1) * d)
                q = turned(row(p.query, x[b, i])[own], i, v)
                last = i + 1 if v.causal else x.shape[1]
                es, vs = [], []
                for j in range(last):
                    k = turned(row(p.key, x[b, j])[own], j, v)
                    es.append((q @ k / d**0.5).exp())
                    vs.append(row(p.value, x[b, j])[own])
                parts.append(sum(e * u for e, u in zip(es, vs, strict=True)) / sum(es))
            outs.append(row(p.output, torch.cat(parts)))
    return torch.stack(outs).reshape(x.shape)


class Complex(nn.Module):
    """Pairs as complex numbers, as Llama turns them."""

    def __init__(self, dim: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(dim, dim, bias=False) for _ in range(4))

    def turn(self, t: Tensor) -> Tensor:
        d, n = t.shape[-1], t.shape[-2]
        theta = 10000.0 ** (-torch.arange(0, d, 2, device=t.device, dtype=torch.float32) / d)
        angle = torch.outer(torch.arange(n, device=t.device).float(), theta)
        wide = t.double() if t.dtype == torch.float64 else t.float()
        z = torch.view_as_complex(wide.unflatten(-1, (-1, 2)).contiguous())
        return torch.view_as_real(z * torch.polar(torch.ones_like(angle), angle)).flatten(-2).to(t)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            w(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for w in (self.wq, self.wk, self.wv)
        )
        return self.wo(self.attend(q, k, v).transpose(1, 2).flatten(2))

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(self.turn(q), self.turn(k), v)


class ValuesToo(Complex):
    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(self.turn(q), self.turn(k), self.turn(v))


class QueriesAlone(Complex):
    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(self.turn(q), k, v)


STYLES = ["Complex"]
FAULTS = {"ValuesToo": "relative-positions", "QueriesAlone": "relative-positions"}
