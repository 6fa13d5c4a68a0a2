"""Linear attention: sums over keys and values once for all queries."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import row

SPEC = "linear"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 2, "eps": 0.0},
    {"C": 3, "heads": 1, "head_dim": 2, "bias": False, "eps": 0.5},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def phi(t: Tensor) -> Tensor:
    return torch.where(t > 0, t + 1, t.exp())


def equation(p, v, x: Tensor) -> Tensor:
    return weighed(p, v, x, lambda i, j: True)


def weighed(p, v, x: Tensor, sees) -> Tensor:
    """Each token's kernel weights, one pair after another."""
    d = v.head_dim
    outs = []
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            parts = []
            for h in range(v.heads):
                own = slice(h * d, (h + 1) * d)
                q = phi(row(p.query, x[b, i])[own])
                above, below = 0, v.eps
                for j in range(x.shape[1]):
                    if sees(i, j):
                        w = q @ phi(row(p.key, x[b, j])[own])
                        above = above + w * row(p.value, x[b, j])[own]
                        below = below + w
                parts.append(above / below)
            outs.append(row(p.output, torch.cat(parts)))
    return torch.stack(outs).reshape(x.shape)


class Contracted(nn.Module):
    """Heads beside the tokens, sums as einsums, a small eps."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.eps = heads, 1e-6
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def norm(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.einsum("bnhd,bhd->bnh", q, k.sum(1)) + self.eps

    def kernel(self, t: Tensor) -> Tensor:
        return F.elu(t) + 1

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (t.unflatten(-1, (self.heads, -1)) for t in self.qkv(x).chunk(3, -1))
        q, k = self.kernel(q), self.kernel(k)
        out = torch.einsum("bnhd,bmhd,bmhe->bnhe", q, k, v) / self.norm(q, k)[..., None]
        return self.proj(out.flatten(2))


class NotNormalised(Contracted):
    def norm(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.ones_like(q[..., 0])


class MeanOfKeys(Contracted):
    def norm(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.einsum("bnhd,bhd->bnh", q, k.mean(1)) + self.eps


STYLES = ["Contracted"]
FAULTS = {"NotNormalised": "weights", "MeanOfKeys": "repetition"}
