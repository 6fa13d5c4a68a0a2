"""Retention: products of queries and keys that fade with the distance."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import row

SPEC = "retention"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 2, "value_dim": 3, "rows": "scaled"},
    {"C": 3, "heads": 1, "head_dim": 4, "value_dim": 2, "turn": "usual", "spread": "even"},
    {
        "C": 4,
        "heads": 2,
        "head_dim": 2,
        "value_dim": 2,
        "turn": "none",
        "norm": "group",
        "eps": 0.0,
    },
]
CALL = {"dim": 12, "inputs": ("2x7x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def turned(v, t: Tensor, n: int) -> Tensor:
    pairs = []
    for i in range(len(t) // 2):
        share = i / max(1, len(t) // 2 - 1) if v.turn == "even" else 2 * i / len(t)
        a = 0.0 if v.turn == "none" else n * 10000.0**-share
        x, y = t[2 * i], t[2 * i + 1]
        pairs += [x * math.cos(a) - y * math.sin(a), y * math.cos(a) + x * math.sin(a)]
    return torch.stack(pairs)


def equation(p, v, x: Tensor) -> Tensor:
    d, e, y = v.head_dim, v.value_dim, torch.zeros_like(x)
    steps = [math.log(1 / 32) + h * math.log(1 / 16) / max(1, v.heads - 1) for h in range(v.heads)]
    for b in range(2):
        q, k, u, g = ([row(f, t) for t in x[b]] for f in (p.query, p.key, p.value, p.gate))
        for n in range(5):
            parts = []
            for h in range(v.heads):
                gamma = 1 - math.exp(steps[h]) if v.spread == "even" else 1 - 2.0 ** (-5 - h)
                own, total = slice(h * d, (h + 1) * d), torch.zeros(e, dtype=x.dtype)
                decay = [gamma ** (n - m) for m in range(n + 1)]
                even = math.sqrt(sum(decay)) if v.rows == "divided" else 1
                turns = [turned(v, k[m][own], m) for m in range(n + 1)]
                mine = turned(v, q[n][own], n)
                both = zip(turns, decay, strict=True)
                root = 1 if v.rows == "plain" else d**0.5
                s = [mine @ t / root * w / even for t, w in both]
                most = max(1, sum(abs(t) for t in s)) if v.rows == "divided" else 1
                for m in range(n + 1):
                    total = total + s[m] / most * u[m][h * e : (h + 1) * e]
                if v.norm == "group":
                    var = ((total - total.mean()) ** 2).mean()
                    total = (total - total.mean()) / (var + p.group.eps).sqrt()
                else:
                    total = total / ((total * total).mean() + v.eps).sqrt()
                parts.append(total)
            z = torch.cat(parts)
            z = z * p.group.weight + p.group.bias if v.norm == "group" else z
            y[b, n] = row(p.output, g[n] * g[n].sigmoid() * z)
    return y


class Parallel(nn.Module):
    """The authors' form: values twice as wide, rows divided, a bare norm per head."""

    def __init__(self, dim: int, num_heads: int = 3) -> None:
        super().__init__()
        self.num_heads, self.scaling = num_heads, (dim // num_heads) ** -0.5
        self.q_proj, self.k_proj = (nn.Linear(dim, dim, bias=False) for _ in range(2))
        self.v_proj, self.g_proj = (nn.Linear(dim, 2 * dim, bias=False) for _ in range(2))
        self.out_proj = nn.Linear(2 * dim, dim, bias=False)
        rate = 10000 ** -torch.linspace(0, 1, dim // num_heads // 2)
        self.register_buffer("angle", rate.repeat_interleave(2))
        self.register_buffer(
            "log_decay", torch.log(1 - 2 ** (-5 - torch.arange(num_heads).float()))
        )

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def turned(self, t: Tensor) -> Tensor:
        at = torch.arange(t.shape[2])[:, None] * self.angle
        other = torch.stack((-t[..., 1::2], t[..., ::2]), -1).flatten(-2)
        return t * at.cos() + other * at.sin()

    def decay(self, n: int) -> Tensor:
        gap = (torch.arange(n)[:, None] - torch.arange(n)).to(self.log_decay)
        mask = torch.exp(gap * self.log_decay[:, None, None]).tril()
        return mask / mask.sum(-1, keepdim=True).sqrt()

    def bent(self, g: Tensor) -> Tensor:
        return F.silu(g)

    def normed(self, y: Tensor) -> Tensor:
        return y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6)

    def forward(self, x: Tensor) -> Tensor:
        q, k = self.turned(self.cut(self.q_proj(x))), self.cut(self.k_proj(x) * self.scaling)
        v, g = self.cut(self.v_proj(x)), self.g_proj(x)
        s = q @ self.turned(k).mT * self.decay(x.shape[1])
        s = s / s.detach().abs().sum(-1, keepdim=True).clamp(min=1, max=5e4)
        y = self.normed(s @ v).transpose(1, 2).flatten(2)
        return self.out_proj(self.bent(g) * y)


class Recurrent(nn.Module):
    """A state from token to token, no positions, GroupNorm, even rates."""

    def __init__(self, dim: int, heads: int = 3) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.gate = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.norm, self.proj = nn.GroupNorm(heads, dim), nn.Linear(dim, dim)
        rates = torch.linspace(math.log(1 / 32), math.log(1 / 512), heads)
        self.gammas = (1 - torch.exp(rates)).tolist()

    def read(self, x: Tensor) -> Tensor:
        q, k, v = (t.unflatten(-1, (self.heads, -1)) for t in self.qkv(x).chunk(3, -1))
        keep = torch.tensor(self.gammas, dtype=x.dtype)[:, None, None]
        state, outs = 0, []
        for n in range(x.shape[1]):
            state = keep * state + k[:, n, :, :, None] * v[:, n, :, None, :]
            outs.append((q[:, n, :, None] @ state).flatten(1))
        return torch.stack([self.norm(t) for t in outs], 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(F.silu(self.gate(x)) * self.read(x))


class Later(Parallel):
    def decay(self, n: int) -> Tensor:
        gap = (torch.arange(n)[:, None] - torch.arange(n)).abs().to(self.log_decay)
        mask = torch.exp(gap * self.log_decay[:, None, None])
        return mask / mask.sum(-1, keepdim=True).sqrt()


class GateNotBent(Parallel):
    def bent(self, g: Tensor) -> Tensor:
        return g


class NoNorm(Parallel):
    def normed(self, y: Tensor) -> Tensor:
        return y


STYLES = ["Parallel", "Recurrent"]
FAULTS = {"Later": "causality", "GateNotBent": "equivalence", "NoNorm": "equivalence"}
