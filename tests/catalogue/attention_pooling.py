"""Attention pooling: tokens to one vector, by a learned score."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "attention-pooling"
VALUES = [
    {"C": 4, "h": 3},
    {"C": 3, "h": 2, "form": "gated", "bias": False, "score_bias": False},
    {"C": 4, "h": 1, "form": "linear", "scale": True, "key": True, "value": True, "out": True},
]
CALL = {"dim": 6, "inputs": ("2x5x6",)}


def inputs(v) -> tuple[Tensor, ...]:
    mask = torch.tensor([[False, True, False, False], [False, False, True, True]])
    return torch.randn(2, 4, v.C, dtype=torch.float64), mask


def equation(p, v, x: Tensor, mask: Tensor) -> Tensor:
    def applied(s, t: Tensor) -> Tensor:
        return s.weight @ t + (0 if s.bias is None else s.bias)

    def score(t: Tensor) -> Tensor:
        k = applied(p.key, t) if v.key else t
        if v.form == "linear":
            return applied(p.query, k)[0]
        f = applied(p.V, k).tanh()
        return applied(p.w, f * applied(p.U, k).sigmoid() if v.form == "gated" else f)[0]

    y = torch.zeros(2, v.C, dtype=x.dtype)
    for b in range(2):
        seen = [n for n in range(4) if not mask[b, n]]
        e = {n: (score(x[b, n]) / (v.C**0.5 if v.scale else 1)).exp() for n in seen}
        z = sum(
            e[n] / sum(e.values()) * (applied(p.value, x[b, n]) if v.value else x[b, n])
            for n in seen
        )
        y[b] = applied(p.output, z) if v.out else z
    return y


class Sequential(nn.Module):
    """Scores from one nn.Sequential, the sum as a matrix product."""

    def __init__(self, dim: int, hidden: int = 4) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def weights(self, x: Tensor) -> Tensor:
        return torch.softmax(self.attention(x).squeeze(-1), dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.bmm(self.weights(x)[:, None], x)[:, 0]


class LearnedQuery(nn.Module):
    """One learned query, a padding mask."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, dim))
        self.to_k, self.to_v = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        logits = (self.query * self.to_k(x)).sum(-1) * x.shape[-1] ** -0.5
        if key_padding_mask is not None:
            logits = logits.masked_fill(key_padding_mask, torch.finfo(x.dtype).min)
        return torch.einsum("bn,bnc->bc", logits.softmax(-1), self.to_v(x))


class OverTheBatch(Sequential):
    def weights(self, x: Tensor) -> Tensor:
        return torch.softmax(self.attention(x).squeeze(-1), dim=0)


class OverOne(Sequential):
    def weights(self, x: Tensor) -> Tensor:
        return torch.softmax(self.attention(x), dim=-1).squeeze(-1)


class MultipliedMask(LearnedQuery):
    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        a = (self.query * self.to_k(x)).sum(-1).softmax(-1)
        if key_padding_mask is not None:
            a = a * ~key_padding_mask
        return torch.einsum("bn,bnc->bc", a, self.to_v(x))


STYLES = ["Sequential", "LearnedQuery"]
FAULTS = {
    "OverTheBatch": "batch-independence",
    "OverOne": "repetition",
    "MultipliedMask": "masks",
}
