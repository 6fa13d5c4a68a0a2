"""T5's attention: a learned bias per head and bucket of offsets, no scale."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "t5-bias"
VALUES = [
    {"C": 4, "heads": 2, "kv_heads": 2, "head_dim": 3, "buckets": 4, "farthest": 4},
    {
        "C": 4,
        "heads": 2,
        "kv_heads": 2,
        "head_dim": 2,
        "buckets": 8,
        "farthest": 5,
        "bias": True,
        "scale": True,
    },
    {
        "C": 3,
        "heads": 1,
        "kv_heads": 1,
        "head_dim": 3,
        "buckets": 4,
        "farthest": 4,
        "causal": True,
        "out": False,
    },
]
CALL = {"dim": 12, "heads": 4, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


def bucket(ahead: int, v) -> int:
    count = v.buckets if v.causal else v.buckets // 2
    first = 0 if v.causal or ahead <= 0 else count
    far = max(-ahead, 0) if v.causal else abs(ahead)
    exact = count // 2
    if far < exact:
        return first + far
    wide = math.log(far / exact) / math.log(v.farthest / exact) * (count - exact)
    return first + min(exact + int(wide + 1e-6), count - 1)


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(*x.shape[:2], v.heads * v.head_dim, dtype=x.dtype)
    for b in range(x.shape[0]):
        q, k, u = (matrix(s, x[b]) for s in (p.query, p.key, p.value))
        for i in range(x.shape[1]):
            seen = range(i + 1 if v.causal else x.shape[1])
            for h in range(v.heads):
                cut = slice(h * d, (h + 1) * d)
                places = [p.table[bucket(j - i, v), h] for j in range(5)]
                scale = d**-0.5 if v.scale else 1
                e = {j: q[i, cut] @ k[j, cut] * scale + places[j] for j in seen}
                a = {j: e[j].exp() / sum(t.exp() for t in e.values()) for j in seen}
                y[b, i, cut] = sum(a[j] * u[j, cut] for j in seen)
    return matrix(p.output, y) if v.out else y


class ByMask(nn.Module):
    """One matrix for all three; places come into the attention function as its mask."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.h, self.d = heads, dim // heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.to_out = nn.Linear(dim, dim, bias=False)
        self.bias = nn.Embedding(8, heads)

    def heads(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        return self.to_qkv(x).view(b, n, 3, self.h, self.d).permute(2, 0, 3, 1, 4)

    def offsets(self, x: Tensor) -> Tensor:
        t = torch.arange(x.shape[1], device=x.device)
        return t[None, :] - t[:, None]

    def places(self, x: Tensor) -> Tensor:
        ahead = self.offsets(x)
        far = ahead.abs()
        wide = 2 + (torch.log(far / 2) / math.log(16 / 2) * 2).clamp(min=0).long()
        index = torch.where(far < 2, far, wide.clamp(max=3)) + 4 * (ahead > 0)
        return self.bias(index).permute(2, 0, 1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=self.places(x), scale=1.0)
        return self.to_out(y.transpose(1, 2).flatten(2))


class OtherSide(ByMask):
    def offsets(self, x: Tensor) -> Tensor:
        return -super().offsets(x)


class OverQueries(ByMask):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        a = (q @ k.transpose(-1, -2) + self.places(x)).softmax(-2)
        return self.to_out((a @ v).transpose(1, 2).flatten(2))


STYLES = ["ByMask"]
FAULTS = {"OtherSide": "equivalence", "OverQueries": "weights"}
