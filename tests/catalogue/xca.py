"""Cross-covariance attention: channels of a head attend to each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "xca"
VALUES = [{"C": 4, "heads": 2}, {"C": 3, "heads": 1, "bias": False, "out_bias": False}]
CALL = {"dim": 8, "num_heads": 2, "inputs": ("2x5x8",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def row(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    d = v.C // v.heads
    for b in range(x.shape[0]):
        q, k, u = (
            torch.stack([row(layer, t) for t in x[b]]) for layer in (p.query, p.key, p.value)
        )
        merged = torch.zeros_like(q)
        for h in range(v.heads):
            for i in range(h * d, (h + 1) * d):
                e = []
                for j in range(h * d, (h + 1) * d):
                    lengths = q[:, i].square().sum().sqrt() * k[:, j].square().sum().sqrt()
                    e.append((p.temperature[h] * (q[:, i] @ k[:, j]) / lengths).exp())
                for n in range(x.shape[1]):
                    parts = [e[j] * u[n, h * d + j] for j in range(d)]
                    merged[n, i] = sum(parts) / sum(e)
        y[b] = torch.stack([row(p.output, t) for t in merged])
    return y


class Fused(nn.Module):
    """One matrix for queries, keys and values, heads of channels by tokens."""

    def __init__(self, dim: int, num_heads: int, qkv_bias: bool = False) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.temperature = nn.Parameter(torch.ones(num_heads, 1, 1))
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        return ((q @ k.transpose(-2, -1)) * self.temperature).softmax(dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 4, 1).unbind(0)  # (B, heads, d, N)
        y = (self.weights(q, k) @ v).permute(0, 3, 1, 2).reshape(B, N, C)
        return self.proj(y)


class ByEinsum(nn.Module):
    """Three matrices, sums by einsum, lengths by division."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.h = num_heads
        self.q, self.k, self.v = (nn.Linear(dim, dim) for _ in range(3))
        self.tau = nn.Parameter(torch.ones(num_heads))
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (self.h, -1)) for f in (self.q, self.k, self.v))
        q = q / q.norm(dim=1, keepdim=True)
        k = k / k.norm(dim=1, keepdim=True)
        a = torch.einsum("bnhi,bnhj,h->bhij", q, k, self.tau).softmax(-1)
        return self.out(torch.einsum("bhij,bnhj->bnhi", a, v).flatten(2))


class LengthsOfTokens(Fused):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        q, k = F.normalize(q, dim=-2), F.normalize(k, dim=-2)
        return ((q @ k.transpose(-2, -1)) * self.temperature).softmax(dim=-1)


class OverTheQueries(Fused):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        return ((q @ k.transpose(-2, -1)) * self.temperature).softmax(dim=-2)


class NotNormalised(Fused):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return ((q @ k.transpose(-2, -1)) * self.temperature).softmax(dim=-1)


class Viewed(Fused):
    def forward(self, x: Tensor) -> Tensor:
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 4, 1).unbind(0)
        return self.proj((self.weights(q, k) @ v).reshape(B, N, C))


STYLES = ["Fused", "ByEinsum"]
FAULTS = {
    "LengthsOfTokens": "repetition",
    "OverTheQueries": "equivalence",
    "NotNormalised": "repetition",
    "Viewed": "token-permutation",
}
