"""Relative positions: learned vectors of clipped offsets, in keys and values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "relative"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 3, "reach": 2},
    {"C": 4, "heads": 2, "head_dim": 2, "reach": 1, "bias": False, "of_values": False},
    {"C": 3, "heads": 1, "head_dim": 3, "reach": 7, "causal": True, "out": False},
]
CALL = {"dim": 12, "heads": 4, "max_relative_position": 2, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


def row(j: int, i: int, v) -> int:
    return max(-v.reach, min(v.reach, j - i)) + v.reach


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(*x.shape[:2], v.I, dtype=x.dtype)
    for b in range(x.shape[0]):
        q, k, u = (matrix(s, x[b]) for s in (p.query, p.key, p.value))
        for i in range(x.shape[1]):
            seen = range(i + 1 if v.causal else x.shape[1])
            for h in range(v.heads):
                cut = slice(h * d, (h + 1) * d)
                e = {j: q[i, cut] @ (k[j, cut] + p.of_keys[row(j, i, v)]) / d**0.5 for j in seen}
                a = {j: e[j].exp() / sum(t.exp() for t in e.values()) for j in seen}
                for j in seen:
                    place = p.values_table[row(j, i, v)] if v.of_values else 0
                    y[b, i, cut] += a[j] * (u[j, cut] + place)
    return matrix(p.output, y) if v.out else y


class ByMask(nn.Module):
    """One matrix for all three; places come into the attention function as its mask."""

    def __init__(self, dim: int, heads: int, max_relative_position: int) -> None:
        super().__init__()
        self.h, self.d = heads, dim // heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.to_out = nn.Linear(dim, dim, bias=False)
        self.k = max_relative_position
        self.table = nn.Parameter(torch.randn(2 * self.k + 1, dim // heads))

    def heads(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        return self.to_qkv(x).view(b, n, 3, self.h, self.d).permute(2, 0, 3, 1, 4)

    def offsets(self, x: Tensor) -> Tensor:
        t = torch.arange(x.shape[1], device=x.device)
        return (t[None, :] - t[:, None]).clamp(-self.k, self.k) + self.k

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        near = torch.einsum("bhid,ijd->bhij", q, self.table[self.offsets(x)])
        a = ((q @ k.transpose(-1, -2) + near) * self.d**-0.5).softmax(-1)
        return self.to_out((a @ v).transpose(1, 2).flatten(2))


class OverHeads(ByMask):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        near = torch.einsum("bhid,ijd->bhij", q, self.table[self.offsets(x)])
        a = ((q @ k.transpose(-1, -2) + near) * self.d**-0.5).softmax(1)
        return self.to_out((a @ v).transpose(1, 2).flatten(2))


class OverQueries(ByMask):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        near = torch.einsum("bhid,ijd->bhij", q, self.table[self.offsets(x)])
        a = ((q @ k.transpose(-1, -2) + near) * self.d**-0.5).softmax(-2)
        return self.to_out((a @ v).transpose(1, 2).flatten(2))


STYLES = ["ByMask"]
FAULTS = {"OverHeads": "weights", "OverQueries": "weights"}
