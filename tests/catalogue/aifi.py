"""AIFI: one transformer layer over a map's pixels, numbered by sines and cosines."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tests.catalogue.causal import row

SPEC = "aifi"
VALUES = [
    {"C": 8, "heads": 2, "F": 3},
    {"C": 4, "heads": 1, "F": 5, "norm_first": True, "activation": "relu", "numbered": "rows"},
    {"C": 4, "heads": 2, "F": 3, "numbered": "columns", "base": 10.0},
]
CALL = {"dim": 16, "heads": 2, "hidden_dim": 24, "inputs": ("2x16x4x3",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 2, 3, dtype=torch.float64),)


def normed(layer, t: Tensor) -> Tensor:
    var = ((t - t.mean()) ** 2).mean()
    return (t - t.mean()) / (var + layer.eps).sqrt() * layer.weight + layer.bias


def place(v, n: int, H: int, W: int) -> Tensor:
    pairs = {"authors": (n // H, n % H), "rows": (n // W, n % W), "columns": (n % W, n // W)}
    channels = []
    for at in pairs[v.numbered]:
        angles = [at * v.base ** (-i / (v.C // 4)) for i in range(v.C // 4)]
        channels += [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    return torch.tensor(channels, dtype=torch.float64)


def equation(p, v, x: Tensor) -> Tensor:
    B, C, H, W = x.shape
    d, y = C // v.heads, torch.zeros_like(x)
    act = torch.relu if v.activation == "relu" else nn.functional.gelu
    for b in range(B):
        t = [x[b, :, n // W, n % W] for n in range(H * W)]
        s = [normed(p.norm1, u) for u in t] if v.norm_first else t
        at = [s[n] + place(v, n, H, W) for n in range(H * W)]
        for n in range(H * W):
            parts = []
            for h in range(v.heads):
                own = slice(h * d, (h + 1) * d)
                q = row(p.query, at[n])[own]
                e = [(q @ row(p.key, u)[own] / d**0.5).exp() for u in at]
                parts.append(
                    sum(w * row(p.value, u)[own] for w, u in zip(e, s, strict=True)) / sum(e)
                )
            r = t[n] + row(p.output, torch.cat(parts))
            u = normed(p.norm2 if v.norm_first else p.norm1, r)
            z = row(p.down, act(row(p.up, u)))
            y[b, :, n // W, n % W] = r + z if v.norm_first else normed(p.norm2, u + z)
    return y


class ByTorch(nn.Module):
    """torch's attention on (B, N, C), positions as an outer product each time."""

    def __init__(self, dim: int, heads: int, hidden_dim: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.ffn = nn.Sequential(nn.Linear(dim, hidden_dim), nn.GELU(), nn.Linear(hidden_dim, dim))
        self.ln_a, self.ln_b = nn.LayerNorm(dim), nn.LayerNorm(dim)

    def table(self, h: int, w: int, like: Tensor) -> Tensor:
        c = self.ln_a.weight.shape[0] // 4
        rate = 10000 ** (-torch.arange(c, dtype=like.dtype) / c)
        across, down = torch.meshgrid(torch.arange(w), torch.arange(h), indexing="ij")
        a, b = torch.outer(across.flatten(), rate), torch.outer(down.flatten(), rate)
        return torch.cat((a.sin(), a.cos(), b.sin(), b.cos()), 1)

    def attended(self, t: Tensor, place: Tensor) -> Tensor:
        return self.attn(t + place, t + place, t, need_weights=False)[0]

    def forward(self, x: Tensor) -> Tensor:
        t = x.flatten(2).mT
        t = self.ln_a(t + self.attended(t, self.table(*x.shape[2:], x)))
        return self.ln_b(t + self.ffn(t)).mT.reshape(x.shape)


class ByRows(nn.Module):
    """Norms first, heads by hand, the table from two lines of angles."""

    def __init__(self, dim: int, heads: int, hidden_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.qk, self.v, self.proj = (
            nn.Linear(dim, 2 * dim),
            nn.Linear(dim, dim),
            nn.Linear(dim, dim),
        )
        self.pre, self.mid = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.fc1, self.fc2 = nn.Linear(dim, hidden_dim), nn.Linear(hidden_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        turn = 10000.0 ** (torch.arange(c // 4, dtype=x.dtype) / -(c // 4))
        down, across = (torch.arange(n, dtype=x.dtype)[:, None] * turn for n in (h, w))
        down, across = (
            torch.cat((down.sin(), down.cos()), 1),
            torch.cat((across.sin(), across.cos()), 1),
        )
        place = torch.cat((down[:, None].expand(h, w, -1), across.expand(h, w, -1)), 2).flatten(
            0, 1
        )
        tokens = x.permute(0, 2, 3, 1).reshape(b, h * w, c)
        n = self.pre(tokens)
        q, k = self.qk(n + place).chunk(2, -1)
        q, k, v = (t.view(b, h * w, self.heads, -1).transpose(1, 2) for t in (q, k, self.v(n)))
        a = (q @ k.mT * (c // self.heads) ** -0.5).softmax(-1)
        r = tokens + self.proj((a @ v).transpose(1, 2).reshape(b, h * w, c))
        y = r + self.fc2(nn.functional.gelu(self.fc1(self.mid(r))))
        return y.permute(0, 2, 1).reshape(b, c, h, w)


class PlacedValues(ByTorch):
    def attended(self, t: Tensor, place: Tensor) -> Tensor:
        return self.attn(t + place, t + place, t + place, need_weights=False)[0]


class PlacedQueries(ByTorch):
    def attended(self, t: Tensor, place: Tensor) -> Tensor:
        return self.attn(t + place, t, t, need_weights=False)[0]


class InputAgain(ByTorch):
    def forward(self, x: Tensor) -> Tensor:
        t = x.flatten(2).mT
        u = self.ln_a(t + self.attended(t, self.table(*x.shape[2:], x)))
        return self.ln_b(t + self.ffn(u)).mT.reshape(x.shape)


STYLES = ["ByTorch", "ByRows"]
FAULTS = {
    "PlacedValues": "equivalence",
    "PlacedQueries": "equivalence",
    "InputAgain": "equivalence",
}
