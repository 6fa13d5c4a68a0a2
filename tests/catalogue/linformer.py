"""Linformer: keys and values mixed over positions to a fixed number."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "linformer"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 3, "T": 5, "k": 2},
    {"C": 4, "heads": 1, "head_dim": 2, "T": 7, "k": 3, "bias": False, "sharing": "key-value"},
    {"C": 4, "heads": 2, "head_dim": 2, "T": 5, "k": 2, "rank_bias": True, "out": False},
]
CALL = {"dim": 12, "heads": 4, "seq_len": 6, "k": 3, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


def short(s, t: Tensor, count: int) -> list[Tensor]:
    bias = torch.zeros(count) if s.bias is None else s.bias
    return [sum(s.weight[r, j] * row for j, row in enumerate(t)) + bias[r] for r in range(count)]


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(*x.shape[:2], v.I, dtype=x.dtype)
    for b in range(x.shape[0]):
        q, k, u = (matrix(s, x[b]) for s in (p.query, p.key, p.value))
        for i in range(x.shape[1]):
            for h in range(v.heads):
                cut = slice(h * d, (h + 1) * d)

                keys = short(p.E, k[:, cut], v.k)
                values = short(p.E if v.sharing == "key-value" else p.F, u[:, cut], v.k)
                e = [(q[i, cut] @ key / d**0.5).exp() for key in keys]
                y[b, i, cut] = sum(w / sum(e) * t for w, t in zip(e, values, strict=True))
    return matrix(p.output, y) if v.out else y


class ByMask(nn.Module):
    """One matrix for all three; places come into the attention function as its mask."""

    def __init__(self, dim: int, heads: int, seq_len: int, k: int) -> None:
        super().__init__()
        self.h, self.d = heads, dim // heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.to_out = nn.Linear(dim, dim, bias=False)
        self.proj_k = nn.Parameter(torch.randn(seq_len, k))
        self.proj_v = nn.Parameter(torch.randn(seq_len, k))

    def heads(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        return self.to_qkv(x).view(b, n, 3, self.h, self.d).permute(2, 0, 3, 1, 4)

    def short(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        by_keys, by_values = self.mixtures()
        k = torch.einsum("bhnd,nk->bhkd", k, by_keys)
        return k, torch.einsum("bhnd,nk->bhkd", v, by_values)

    def mixtures(self) -> tuple[Tensor, Tensor]:
        return self.proj_k, self.proj_v

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        y = F.scaled_dot_product_attention(q, *self.short(k, v))
        return self.to_out(y.transpose(1, 2).flatten(2))


class KeysTwice(ByMask):
    def short(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        return super().short(k, k)


class OneMixture(ByMask):
    def mixtures(self) -> tuple[Tensor, Tensor]:
        return self.proj_k, self.proj_k


STYLES = ["ByMask"]
FAULTS = {"KeysTwice": "equivalence", "OneMixture": "unused"}
