"""Causal self-attention: a token sees itself and those before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "causal"
VALUES = [
    {"C": 4, "heads": 2, "kv_heads": 2, "head_dim": 2},
    {"C": 3, "heads": 1, "kv_heads": 1, "head_dim": 2, "bias": False, "out_bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def row(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def equation(p, v, x: Tensor) -> Tensor:
    return attended(p, v, x, lambda i, j: j <= i)


def attended(p, v, x: Tensor, sees) -> Tensor:
    """Each token's attention to the tokens that it sees, one by one."""
    d = v.head_dim
    outs = []
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            q = row(p.query, x[b, i])
            parts = []
            for h in range(v.heads):
                own = slice(h * d, (h + 1) * d)
                seen = [t for j, t in enumerate(x[b]) if sees(i, j)]
                es = [(q[own] @ row(p.key, t)[own] / d**0.5).exp() for t in seen]
                vs = [row(p.value, t)[own] for t in seen]
                parts.append(sum(e * u for e, u in zip(es, vs, strict=True)) / sum(es))
            outs.append(row(p.output, torch.cat(parts)))
    return torch.stack(outs).reshape(x.shape)


class Gpt(nn.Module):
    """One matrix for all three, a mask kept as a buffer."""

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)
        self.register_buffer("bias", torch.tril(torch.ones(64, 64)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.shape
        q, k, v = (
            part.view(b, t, self.n_head, c // self.n_head).transpose(1, 2)
            for part in self.c_attn(x).split(c, 2)
        )
        s = q @ k.transpose(-2, -1) * (c // self.n_head) ** -0.5
        y = self.weigh(s, self.bias[:t, :t] == 0) @ v
        return self.c_proj(y.transpose(1, 2).reshape(b, t, c))

    def weigh(self, s: Tensor, hidden: Tensor) -> Tensor:
        return s.masked_fill(hidden, float("-inf")).softmax(-1)


class OneAhead(Gpt):
    def weigh(self, s: Tensor, hidden: Tensor) -> Tensor:
        return s.masked_fill(torch.ones_like(s).triu(2).bool(), float("-inf")).softmax(-1)


class ZeroedAfterwards(Gpt):
    def weigh(self, s: Tensor, hidden: Tensor) -> Tensor:
        return s.softmax(-1).masked_fill(hidden, 0.0)


STYLES = ["Gpt"]
FAULTS = {"OneAhead": "causality", "ZeroedAfterwards": "weights"}
