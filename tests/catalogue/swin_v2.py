"""Swin v2's windows: cosines, a rate per head, biases from a small network of offsets."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import row

SPEC = "swin-v2"
VALUES = [
    {"C": 4, "heads": 2, "window": 2, "P": 3},
    {"C": 4, "heads": 1, "window": 3, "P": 2, "bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, v.window, 2 * v.window, dtype=torch.float64),)


def offset(v, apart: int) -> float:
    part = 8 * apart / (v.window - 1)
    return math.copysign(math.log2(abs(part) + 1) / math.log2(8), part)


def equation(p, v, x: Tensor) -> Tensor:
    w, d = v.window, v.C // v.heads
    _, _, H, W = x.shape
    y = torch.zeros_like(x)
    for a, b in [(a, b) for a in range(H) for b in range(W)]:
        window = [
            (i, j) for i in range(H) for j in range(W) if (i // w, j // w) == (a // w, b // w)
        ]
        parts = []
        for h in range(v.heads):
            own, e = slice(h * d, (h + 1) * d), []
            q = row(p.query, x[0, :, a, b])[own]
            rate = math.exp(min(float(p.tau[h]), math.log(100)))
            for i, j in window:
                k = row(p.key, x[0, :, i, j])[own]
                f = torch.tensor([offset(v, a - i), offset(v, b - j)], dtype=x.dtype)
                bias = 16 * row(p.second, row(p.first, f).clamp(min=0))[h].sigmoid()
                e.append((rate * (q @ k) / ((q @ q) * (k @ k)) ** 0.5 + bias).exp())
            values = [row(p.value, x[0, :, i, j])[own] for i, j in window]
            parts.append(sum(n * u for n, u in zip(e, values, strict=True)) / sum(e))
        y[0, :, a, b] = row(p.output, torch.cat(parts))
    return y


class OfWindows(nn.Module):
    """The tokens of windows; offsets and index as buffers, biases of queries and values alone."""

    def __init__(self, dim: int, window_size: int, num_heads: int) -> None:
        super().__init__()
        w, self.num_heads = window_size, num_heads
        self.logit_scale = nn.Parameter(torch.log(10 * torch.ones(num_heads, 1, 1)))
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 32), nn.ReLU(inplace=True), nn.Linear(32, num_heads, bias=False)
        )
        line = torch.arange(-(w - 1), w, dtype=torch.float32) / (w - 1)
        grid = torch.stack(torch.meshgrid([line, line], indexing="ij")).permute(1, 2, 0)
        self.register_buffer("table", self.spread(grid[None]), persistent=False)
        flat = torch.cartesian_prod(torch.arange(w), torch.arange(w))
        apart = flat[:, None] - flat[None] + w - 1
        self.register_buffer("index", apart[..., 0] * (2 * w - 1) + apart[..., 1], persistent=False)
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias, self.v_bias = nn.Parameter(torch.zeros(dim)), nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)

    def spread(self, grid: Tensor) -> Tensor:
        return torch.sign(8 * grid) * torch.log2((8 * grid).abs() + 1) / math.log2(8)

    def bias(self) -> Tensor:
        table = self.cpb_mlp(self.table).view(-1, self.num_heads)
        return 16 * torch.sigmoid(table[self.index].permute(2, 0, 1))

    def rate(self) -> Tensor:
        return torch.clamp(self.logit_scale, max=math.log(100)).exp()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        B, N, C = x.shape
        bias = torch.cat((self.q_bias, torch.zeros_like(self.v_bias), self.v_bias))
        qkv = F.linear(x, self.qkv.weight, bias).reshape(B, N, 3, self.num_heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attn = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        attn = attn * self.rate() + self.bias()[None]
        if mask is not None:
            windows = mask.shape[0]
            attn = attn.view(B // windows, windows, self.num_heads, N, N)
            attn = (attn + mask[None, :, None]).view(-1, self.num_heads, N, N)
        return self.proj((attn.softmax(-1) @ v).transpose(1, 2).reshape(B, N, C))


class OfMaps(nn.Module):
    """A map, cut into windows; three matrices, offsets made anew."""

    def __init__(self, dim: int, heads: int, ws: int, hidden_dim: int = 8) -> None:
        super().__init__()
        self.ws, self.heads = ws, heads
        self.q, self.k = nn.Linear(dim, dim), nn.Linear(dim, dim, bias=False)
        self.v, self.tau = nn.Linear(dim, dim), nn.Parameter(torch.zeros(heads))
        self.one, self.two = nn.Linear(2, hidden_dim), nn.Linear(hidden_dim, heads, bias=False)
        self.out = nn.Linear(dim, dim)

    def biases(self, like: Tensor) -> Tensor:
        at = torch.cartesian_prod(torch.arange(self.ws), torch.arange(self.ws)).to(like)
        f = (at[:, None] - at) * 8 / (self.ws - 1)
        f = f.sign() * torch.log1p(f.abs()) / math.log(8)
        return 16 * self.two(self.one(f).relu()).sigmoid().permute(2, 0, 1)

    def forward(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        w = self.ws
        t = x.unflatten(2, (H // w, w)).unflatten(4, (W // w, w)).permute(0, 2, 4, 3, 5, 1)
        t = t.reshape(-1, w * w, C)
        q, k, v = (
            f(t).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        cos = F.cosine_similarity(q[:, :, :, None], k[:, :, None], dim=-1, eps=1e-12)
        s = cos * self.tau.clamp(max=math.log(100)).exp()[:, None, None] + self.biases(x)
        y = self.out((s.softmax(-1) @ v).transpose(1, 2).flatten(2))
        y = y.reshape(B, H // w, W // w, w, w, C).permute(0, 5, 1, 3, 2, 4)
        return y.reshape(B, C, H, W)


class Linear(OfWindows):
    def spread(self, grid: Tensor) -> Tensor:
        return 8 * grid


class Unbounded(OfWindows):
    def bias(self) -> Tensor:
        return self.cpb_mlp(self.table).view(-1, self.num_heads)[self.index].permute(2, 0, 1)


class RateOfTheWidth(OfWindows):
    def rate(self) -> Tensor:
        return super().rate() * (self.proj.in_features // self.num_heads) ** -0.5


STYLES = ["OfWindows", "OfMaps"]
FAULTS = {"Linear": "equivalence", "Unbounded": "equivalence", "RateOfTheWidth": "equivalence"}
