"""Gated linear attention: a state that each token fades, channel by channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.aifi import normed
from tests.catalogue.causal import row

SPEC = "gla"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 2, "value_dim": 3, "R": 2},
    {"C": 3, "heads": 1, "head_dim": 2, "value_dim": 2, "R": 1, "rms": False, "gate_bias": True},
]
CALL = {"dim": 12, "inputs": ("2x7x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    """Each pair of tokens, with the product of all gates between them."""
    d, e, y = v.head_dim, v.value_dim, torch.zeros_like(x)
    for b in range(2):
        q, k, u, g = ([row(f, t) for t in x[b]] for f in (p.query, p.key, p.value, p.gate))
        alpha = [row(p.rate, row(p.fade, t)).sigmoid() ** (1 / v.tau) for t in x[b]]
        for n in range(5):
            parts = []
            for h in range(v.heads):
                own, out = slice(h * d, (h + 1) * d), torch.zeros(e, dtype=x.dtype)
                for m in range(n + 1):
                    left = torch.ones(d, dtype=x.dtype)
                    for t in range(m + 1, n + 1):
                        left = left * alpha[t][own]
                    score = (q[n][own] * left * k[m][own]).sum() / d**0.5
                    out = out + score * u[m][h * e : (h + 1) * e]
                layer = p.head_norm
                if v.rms:
                    parts.append(out / ((out * out).mean() + layer.eps).sqrt() * layer.weight)
                else:
                    parts.append(normed(layer, out))
            y[b, n] = row(p.output, g[n] * g[n].sigmoid() * torch.cat(parts))
    return y


class Recurrent(nn.Module):
    """A state from token to token, keys half as wide as values."""

    def __init__(self, dim: int, num_heads: int = 3) -> None:
        super().__init__()
        self.num_heads, half = num_heads, dim // 2
        self.q_proj, self.k_proj = (
            nn.Linear(dim, half, bias=False),
            nn.Linear(dim, half, bias=False),
        )
        self.v_proj, self.g_proj = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.gk_proj = nn.Sequential(nn.Linear(dim, 5, bias=False), nn.Linear(5, half))
        self.g_norm, self.o_proj = (
            nn.RMSNorm(dim // num_heads, eps=1e-5),
            nn.Linear(dim, dim, bias=False),
        )

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.num_heads, -1))

    def gates(self, x: Tensor) -> Tensor:
        return (F.logsigmoid(self.gk_proj(x)) / 16).exp()

    def bent(self, g: Tensor) -> Tensor:
        return F.silu(g)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.cut(self.q_proj(x)), self.cut(self.k_proj(x)), self.cut(self.v_proj(x))
        alpha, outs = self.cut(self.gates(x)), []
        q = q * q.shape[-1] ** -0.5
        state = torch.zeros_like(k[:, 0, :, :, None] * v[:, 0, :, None, :])
        for n in range(x.shape[1]):
            more = k[:, n, :, :, None] * v[:, n, :, None, :]
            state = alpha[:, n, :, :, None] * state + more
            outs.append((q[:, n, :, None] @ state).squeeze(-2))
        y = self.g_norm(torch.stack(outs, 1)).flatten(2)
        return self.o_proj(y * self.bent(self.g_proj(x)))


class Parallel(nn.Module):
    """All pairs at once, gates as cumulative sums, LayerNorm, biases."""

    def __init__(self, dim: int, num_heads: int = 2, rank: int = 4) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q, self.k, self.v, self.r, self.o = (nn.Linear(dim, dim) for _ in range(5))
        self.low, self.high = nn.Linear(dim, rank, bias=False), nn.Linear(rank, dim)
        self.norm = nn.LayerNorm(dim // num_heads)

    def seen(self, s: Tensor) -> Tensor:
        return s.tril()

    def forward(self, x: Tensor) -> Tensor:
        cut = [
            t.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for t in (self.q(x), self.k(x), self.v(x), self.high(self.low(x)))
        ]
        q, k, v, a = cut
        total = (F.logsigmoid(a) / 16).cumsum(2)
        between = (total[:, :, :, None] - total[:, :, None]).exp()
        s = torch.einsum("bhnd,bhnmd,bhmd->bhnm", q, between, k) / q.shape[-1] ** 0.5
        y = self.norm(self.seen(s) @ v).transpose(1, 2).flatten(2)
        return self.o(F.silu(self.r(x)) * y)


class NotSlowed(Recurrent):
    def gates(self, x: Tensor) -> Tensor:
        return self.gk_proj(x).sigmoid()


class GateNotBent(Recurrent):
    def bent(self, g: Tensor) -> Tensor:
        return g


class Later(Parallel):
    def seen(self, s: Tensor) -> Tensor:
        return s


STYLES = ["Recurrent", "Parallel"]
FAULTS = {"NotSlowed": "equivalence", "GateNotBent": "equivalence", "Later": "causality"}
