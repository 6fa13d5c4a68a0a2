"""Cosine attention: weights by the angle between query and key."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import row

SPEC = "cosine"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 3, "most": 1.01},
    {"C": 3, "heads": 1, "head_dim": 2, "rate": "plain", "bias": False},
    {"C": 3, "heads": 2, "head_dim": 2, "rate": "fixed"},
]
CALL = {"dim": 12, "inputs": ("2x7x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return torch.randn(2, 4, v.C, dtype=torch.float64), torch.tensor(
        [[False] * 4, [True] + [False] * 3]
    )


def equation(p, v, x: Tensor, mask: Tensor) -> Tensor:
    d, y = v.head_dim, torch.zeros_like(x)
    for b in range(2):
        shown = [m for m in range(4) if not mask[b, m]]
        for n in range(4):
            parts = []
            for h in range(v.heads):
                own, e = slice(h * d, (h + 1) * d), []
                if v.rate == "log":
                    rate = min(float(p.tau[h]), math.log(v.most))
                    rate = math.exp(rate)
                else:
                    rate = p.tau[h] if v.rate == "plain" else v.fixed
                q = row(p.query, x[b, n])[own]
                for m in shown:
                    k = row(p.key, x[b, m])[own]
                    e.append((rate * (q @ k) / ((q @ q) * (k @ k)) ** 0.5).exp())
                mix = zip(e, shown, strict=True)
                parts.append(sum(w * row(p.value, x[b, m])[own] for w, m in mix) / sum(e))
            y[b, n] = row(p.output, torch.cat(parts))
    return y


class Limited(nn.Module):
    """A learned logarithm of four axes, torch's normalize."""

    def __init__(self, dim: int, num_heads: int = 3) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.logit_scale = nn.Parameter(torch.full((num_heads, 1, 1), math.log(10)))

    def rate(self) -> Tensor:
        return self.logit_scale.clamp(max=math.log(1 / 0.01)).exp()

    def unit(self, t: Tensor) -> Tensor:
        return F.normalize(t, dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        a = (self.unit(q) @ self.unit(k).mT * self.rate()).softmax(-1)
        return self.proj((a @ v).transpose(1, 2).flatten(2))


class Temperature(nn.Module):
    """A rate as it is, per head, einsums, a mask."""

    def __init__(self, dim: int, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.temperature, self.to_out = (
            nn.Parameter(torch.ones(1, heads, 1, 1)),
            nn.Linear(dim, dim),
        )

    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)) for f in (self.to_q, self.to_k, self.to_v))
        q, k = (t / t.norm(dim=-1, keepdim=True) for t in (q, k))
        s = torch.einsum("bnhd,bmhd->bhnm", q, k) * self.temperature
        if key_padding_mask is not None:
            s = s.masked_fill(key_padding_mask[:, None, None], torch.finfo(s.dtype).min)
        return self.to_out(torch.einsum("bhnm,bmhd->bnhd", s.softmax(-1), v).flatten(2))


class Ten(Limited):
    """A rate of ten."""

    def __init__(self, dim: int, num_heads: int = 3) -> None:
        super().__init__(dim, num_heads)
        del self.logit_scale

    def rate(self) -> Tensor:
        return torch.tensor(10.0)


class OverTokens(Limited):
    def unit(self, t: Tensor) -> Tensor:
        return F.normalize(t, dim=-2)


class Products(Limited):
    def unit(self, t: Tensor) -> Tensor:
        return t


class Sigmoids(Limited):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        a = (self.unit(q) @ self.unit(k).mT * self.rate()).sigmoid()
        return self.proj((a @ v).transpose(1, 2).flatten(2))


STYLES = ["Limited", "Temperature", "Ten"]
FAULTS = {"OverTokens": "repetition", "Products": "equivalence", "Sigmoids": "weights"}
