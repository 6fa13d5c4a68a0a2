"""Differential attention: the difference of two maps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "differential"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 3},
    {"C": 4, "heads": 1, "head_dim": 2, "bias": True, "causal": False, "lam": 0.3},
    {"C": 4, "heads": 2, "head_dim": 2, "pairs": "halves", "affine": False, "out": False},
]
CALL = {"dim": 12, "heads": 3, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


class RMSNorm(nn.Module):
    """As people write it."""

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(*x.shape[:2], v.I, dtype=x.dtype)
    for b in range(x.shape[0]):
        q, k, u = (matrix(s, x[b]) for s in (p.query, p.key, p.value))
        for i in range(x.shape[1]):
            seen = range(i + 1 if v.causal else x.shape[1])
            for h in range(v.heads):
                cut = slice(h * d, (h + 1) * d)
                wide = slice(2 * h * d, 2 * (h + 1) * d)
                maps = (h, h + v.heads) if v.pairs == "halves" else (2 * h, 2 * h + 1)
                a = []
                for g in maps:
                    cut = slice(g * d, (g + 1) * d)
                    e = [(q[i, cut] @ k[j, cut] / d**0.5).exp() for j in seen]
                    a.append([t / sum(e) for t in e])
                lam = (p.q1 @ p.k1).exp() - (p.q2 @ p.k2).exp() + v.lam
                m = sum((s - lam * t) * u[j, wide] for j, (s, t) in enumerate(zip(*a, strict=True)))
                eps = p.head_norm.eps if v.affine else 1e-5
                m = m / (m.pow(2).mean() + eps).sqrt() * (p.head_norm.weight if v.affine else 1)
                y[b, i, wide] = m * (1 - v.lam)
    return matrix(p.output, y) if v.out else y


class ByMask(nn.Module):
    """One matrix for all three; places come into the attention function as its mask."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.h, self.d = heads, dim // heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.to_out = nn.Linear(dim, dim, bias=False)
        self.lambda_init = 0.8
        self.lq1, self.lk1, self.lq2, self.lk2 = (
            nn.Parameter(torch.randn(self.d // 2) * 0.1) for _ in range(4)
        )
        self.norm = RMSNorm(self.d)

    def heads(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        return self.to_qkv(x).view(b, n, 3, self.h, self.d).permute(2, 0, 3, 1, 4)

    def factor(self) -> Tensor:
        gain = torch.exp(torch.dot(self.lq1, self.lk1)) - torch.exp(torch.dot(self.lq2, self.lk2))
        return gain + self.lambda_init

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        (q1, q2), (k1, k2) = q.chunk(2, -1), k.chunk(2, -1)
        one = F.scaled_dot_product_attention(q1, k1, v, is_causal=True)
        two = F.scaled_dot_product_attention(q2, k2, v, is_causal=True)
        y = self.norm(one - self.factor() * two) * (1 - self.lambda_init)
        return self.to_out(y.transpose(1, 2).flatten(2))


class Detached(ByMask):
    def factor(self) -> Tensor:
        return super().factor().detach()


class OneMap(ByMask):
    def factor(self) -> Tensor:
        return torch.zeros(())


STYLES = ["ByMask"]
FAULTS = {"Detached": "equivalence", "OneMap": "unused"}
