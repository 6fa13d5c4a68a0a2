"""Causal linear attention: sums over keys and values up to each token."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.linear import weighed

SPEC = "linear-causal"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 2, "eps": 0.0},
    {"C": 3, "heads": 1, "head_dim": 2, "bias": False, "eps": 0.5},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    return weighed(p, v, x, lambda i, j: j <= i)


class Recurrent(nn.Module):
    """A state that goes from token to token."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))

    def below(self, q: Tensor, z: Tensor) -> Tensor:
        return (q * z).sum(-1, keepdim=True) + 1e-6

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)) for f in (self.q, self.k, self.v))
        q, k = F.elu(q) + 1, F.elu(k) + 1
        s, z, outs = 0, 0, []
        for t in range(x.shape[1]):
            s = s + k[:, t, :, :, None] * v[:, t, :, None, :]
            z = z + k[:, t]
            above = (q[:, t, :, None] @ s).squeeze(-2)
            outs.append(above / self.below(q[:, t], z))
        return self.o(torch.stack(outs, 1).flatten(2))


class NotNormalised(Recurrent):
    def below(self, q: Tensor, z: Tensor) -> Tensor:
        return torch.ones_like(q[..., :1])


class AllKeysBelow(Recurrent):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)) for f in (self.q, self.k, self.v))
        q, k = F.elu(q) + 1, F.elu(k) + 1
        s = torch.einsum("bnhd,bnhe->bnhde", k, v).cumsum(1)
        z = k.sum(1, keepdim=True).expand_as(k)
        return self.o((torch.einsum("bnhd,bnhde->bnhe", q, s) / self.below(q, z)).flatten(2))


STYLES = ["Recurrent"]
FAULTS = {"NotNormalised": "weights sum to one", "AllKeysBelow": "causality"}
