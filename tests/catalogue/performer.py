"""FAVOR+: softmax attention by positive random features."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SPEC = "performer"
VALUES = [
    {"C": 6, "heads": 2, "m": 5},
    {"C": 4, "heads": 1, "m": 3, "bias": False, "eps": 0.0},
    {"C": 4, "heads": 2, "m": 3, "out": False, "stable": True},
]
CALL = {"dim": 12, "heads": 2, "features": 10, "inputs": ("2x5x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    d = v.C // v.heads
    heads = torch.zeros_like(x)
    for b in range(x.shape[0]):
        q, k, u = (x[b] @ s.weight.T + (s.bias if v.bias else 0) for s in (p.query, p.key, p.value))
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            q_h, k_h = q[:, own] * d**-0.25, k[:, own] * d**-0.25
            top_k = max(float(k_j @ w) for k_j in k_h for w in p.omega)

            def phi(t: Tensor, top: float) -> list[Tensor]:
                if not v.stable:
                    return [(w @ t - t @ t / 2).exp() / math.sqrt(v.m) for w in p.omega]
                exps = [(w @ t - t @ t / 2 - top).exp() for w in p.omega]
                return [(e + v.eps) / math.sqrt(v.m) for e in exps]

            for i, q_i in enumerate(q_h):
                f = phi(q_i, max(float(q_i @ w) for w in p.omega))
                a = [sum(s * t for s, t in zip(f, phi(k_j, top_k), strict=True)) for k_j in k_h]
                below = sum(a) + (0 if v.stable else v.eps)
                heads[b, i, own] = sum(a_j * u[j, own] for j, a_j in enumerate(a)) / below
    return heads @ p.output.weight.T + (p.output.bias if v.out_bias else 0) if v.out else heads


class ByEinsum(nn.Module):
    """One projection for q, k and v; the rows of the features are columns here."""

    def __init__(self, dim: int, heads: int, features: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.register_buffer("projection", torch.randn(dim // heads, features))

    def features(self, t: Tensor) -> Tensor:
        t = t / t.shape[-1] ** 0.25
        half = t.pow(2).sum(-1, keepdim=True) / 2
        return torch.exp(t @ self.projection - half)

    def split(self, x: Tensor) -> list[Tensor]:
        b, n, _ = x.shape
        return [t.reshape(b, n, self.heads, -1) for t in self.to_qkv(x).chunk(3, -1)]

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(x)
        q, k = self.features(q), self.features(k)
        scale = 1 / q.shape[-1]
        kv = torch.einsum("bnhm,bnhd->bhmd", k, v) * scale
        z = torch.einsum("bnhm,bhm->bnh", q, k.sum(1)) * scale
        y = torch.einsum("bnhm,bhmd->bnhd", q, kv) / (z + 1e-6)[..., None]
        return self.to_out(y.flatten(2))


class DrawnInEveryCall(ByEinsum):
    def features(self, t: Tensor) -> Tensor:
        self.projection = torch.randn_like(self.projection)
        return super().features(t)


class NotNormalised(ByEinsum):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(x)
        kv = torch.einsum("bnhm,bnhd->bhmd", self.features(k), v)
        return self.to_out(torch.einsum("bnhm,bhmd->bnhd", self.features(q), kv).flatten(2))


class NoSquare(ByEinsum):
    def features(self, t: Tensor) -> Tensor:
        return torch.exp(t / t.shape[-1] ** 0.25 @ self.projection)


STYLES = ["ByEinsum"]
FAULTS = {
    "DrawnInEveryCall": "deterministic",
    "NotNormalised": "weights",
    "NoSquare": "equivalence",
}
