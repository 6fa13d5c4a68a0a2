"""Talking heads: heads mix their logits before the softmax, their weights after it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "talking-heads"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 3},
    {"C": 3, "heads": 3, "head_dim": 2, "bias": False, "talk_bias": True},
    {"C": 4, "heads": 1, "head_dim": 2, "out": False},
]
CALL = {"dim": 12, "heads": 4, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


def mixed(s, heads: list[Tensor], h: int) -> Tensor:
    bias = 0 if s.bias is None else s.bias[h]
    return sum(s.weight[h, g] * t for g, t in enumerate(heads)) + bias


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(*x.shape[:2], v.I, dtype=x.dtype)
    for b in range(x.shape[0]):
        q, k, u = (matrix(s, x[b]) for s in (p.query, p.key, p.value))
        for i in range(x.shape[1]):
            seen = range(x.shape[1])
            for h in range(v.heads):
                cut = slice(h * d, (h + 1) * d)
                heads = [slice(g * d, (g + 1) * d) for g in range(v.heads)]
                e = {j: [q[i, g] @ k[j, g] / d**0.5 for g in heads] for j in seen}
                e = {j: [mixed(p.before, e[j], g) for g in range(v.heads)] for j in seen}
                below = [sum(t[g].exp() for t in e.values()) for g in range(v.heads)]
                a = {j: [e[j][g].exp() / below[g] for g in range(v.heads)] for j in seen}
                y[b, i, cut] = sum(mixed(p.after, a[j], h) * u[j, cut] for j in seen)
    return matrix(p.output, y) if v.out else y


class ByMask(nn.Module):
    """One matrix for all three; places come into the attention function as its mask."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.h, self.d = heads, dim // heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.to_out = nn.Linear(dim, dim, bias=False)
        self.proj_l, self.proj_w = nn.Linear(heads, heads), nn.Linear(heads, heads)

    def heads(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        return self.to_qkv(x).view(b, n, 3, self.h, self.d).permute(2, 0, 3, 1, 4)

    def weigh(self, logits: Tensor) -> Tensor:
        t = self.proj_l(logits.permute(0, 2, 3, 1)).softmax(2)
        return self.proj_w(t).permute(0, 3, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        y = self.weigh(q * self.d**-0.5 @ k.transpose(-1, -2)) @ v
        return self.to_out(y.transpose(1, 2).flatten(2))


class OverHeads(ByMask):
    def weigh(self, logits: Tensor) -> Tensor:
        t = self.proj_l(logits.permute(0, 2, 3, 1)).softmax(-1)
        return self.proj_w(t).permute(0, 3, 1, 2)


class BothBefore(ByMask):
    def weigh(self, logits: Tensor) -> Tensor:
        t = self.proj_w(self.proj_l(logits.permute(0, 2, 3, 1)))
        return t.permute(0, 3, 1, 2).softmax(-1).clone()


class OverTheBatch(ByMask):
    def weigh(self, logits: Tensor) -> Tensor:
        t = self.proj_l(logits.permute(0, 2, 3, 1)).softmax(0)
        return self.proj_w(t).permute(0, 3, 1, 2)


STYLES = ["ByMask"]
FAULTS = {"OverHeads": "equivalence", "OverTheBatch": "batch-independence"}
