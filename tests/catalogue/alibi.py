"""ALiBi: a penalty that grows with distance, by fixed slopes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "alibi"
VALUES = [
    {"C": 4, "heads": 2, "kv_heads": 2, "head_dim": 3},
    {"C": 3, "heads": 3, "kv_heads": 3, "head_dim": 2, "bias": False, "causal": False},
    {"C": 4, "heads": 6, "kv_heads": 6, "head_dim": 1, "out": False},
]
CALL = {"dim": 12, "heads": 4, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


SLOPES = {
    2: [2**-4, 2**-8],
    3: [2**-4, 2**-8, 2**-2],
    6: [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3],
}


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(*x.shape[:2], v.heads * v.head_dim, dtype=x.dtype)
    for b in range(x.shape[0]):
        q, k, u = (matrix(s, x[b]) for s in (p.query, p.key, p.value))
        for i in range(x.shape[1]):
            seen = range(i + 1 if v.causal else x.shape[1])
            for h in range(v.heads):
                cut = slice(h * d, (h + 1) * d)
                m = SLOPES[v.heads][h]
                e = {j: q[i, cut] @ k[j, cut] / d**0.5 - m * abs(i - j) for j in seen}
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
        self.register_buffer("slope", 2.0 ** -(8 * torch.arange(1, heads + 1) / heads))

    def heads(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        return self.to_qkv(x).view(b, n, 3, self.h, self.d).permute(2, 0, 3, 1, 4)

    def places(self, x: Tensor) -> Tensor:
        t = torch.arange(x.shape[1], device=x.device)
        bias = self.slope[:, None, None] * (t[None, :] - t[:, None])
        ahead = torch.ones(len(t), len(t), dtype=torch.bool, device=x.device).triu(1)
        return bias.masked_fill(ahead, float("-inf")).to(x.dtype)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=self.places(x))
        return self.to_out(y.transpose(1, 2).flatten(2))


class Grows(ByMask):
    def places(self, x: Tensor) -> Tensor:
        bias = super().places(x)
        return torch.where(bias.isfinite(), -bias, bias)


class SeesTheNext(ByMask):
    def places(self, x: Tensor) -> Tensor:
        t = torch.arange(x.shape[1], device=x.device)
        bias = self.slope[:, None, None] * (t[None, :] - t[:, None])
        ahead = torch.ones(len(t), len(t), dtype=torch.bool, device=x.device).triu(2)
        return bias.masked_fill(ahead, float("-inf")).to(x.dtype)


STYLES = ["ByMask"]
FAULTS = {"Grows": "equivalence", "SeesTheNext": "equivalence"}
