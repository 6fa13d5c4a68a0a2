"""Modules as people write them, of one call each: maps, tokens, several inputs, other forms."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Squeeze(nn.Module):
    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.down = nn.Linear(channels, channels // reduction)
        self.up = nn.Linear(channels // reduction, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.up(self.down(x.mean((2, 3))).relu()).sigmoid()
        return x * gate[..., None, None]


class Separable(nn.Module):
    def __init__(self, c1: int, c2: int = 24, k: int = 3) -> None:
        super().__init__()
        self.deep = nn.Conv2d(c1, c1, k, padding=k // 2, groups=c1, bias=False)
        self.wide = nn.Conv2d(c1, c2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.wide(self.deep(x))


class LastChannels(nn.Module):
    def __init__(self, dim: int = 12) -> None:
        super().__init__()
        self.mix = nn.Linear(dim, 2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(x.permute(0, 2, 3, 1))


class Tokens(nn.Module):
    def __init__(self, dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.heads = num_heads
        self.qkv, self.proj = nn.Linear(dim, 3 * dim, bias=False), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c))


class Perceptron(nn.Module):
    def __init__(self, width: int = 16, hidden: int = 40) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, features: Tensor) -> Tensor:
        return self.two(self.one(features).relu())


class Audio(nn.Module):
    def __init__(self, channels: int = 6) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, 10, 5, stride=2)

    def forward(self, wave: Tensor) -> Tensor:
        return self.conv(wave)


class Video(nn.Module):
    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv3d(channels, 4, (2, 3, 3))

    def forward(self, clip: Tensor) -> Tensor:
        return self.conv(clip)


class Fuse(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.mix(torch.cat([a, b], 1))


class Coarse(nn.Module):
    def __init__(self, low: int, high: int) -> None:
        super().__init__()
        self.low, self.high = nn.Conv2d(low, high, 1), nn.Conv2d(high, high, 3, padding=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.high(F.interpolate(self.low(x), size=skip.shape[2:]) + skip)


class Cross(nn.Module):
    def __init__(self, query_dim: int, context_dim: int) -> None:
        super().__init__()
        self.q, self.kv = nn.Linear(query_dim, 16), nn.Linear(context_dim, 32)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        k, v = self.kv(context).chunk(2, -1)
        return (self.q(x) @ k.mT).softmax(-1) @ v


class Pair(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.einsum("bnc,bmc->bnm", a, b)


class Bilinear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.form = nn.Bilinear(5, 7, 3)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return self.form(left, right)


class Filtered(nn.Module):
    def forward(self, image: Tensor, kernel: Tensor) -> Tensor:
        return F.conv2d(image, kernel, padding=1)


class Weighted(nn.Module):
    def forward(self, x: Tensor, scores: Tensor) -> Tensor:
        return x * scores.softmax(1)


class Attend(nn.Module):
    def __init__(self, d_model: int = 24, nhead: int = 3) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(d_model, nhead, batch_first=True)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Tensor:
        return self.inner(query, key, value, attn_mask=mask)[0]


class Additive(nn.Module):
    def __init__(self, enc: int = 10, dec: int = 14, att: int = 6) -> None:
        super().__init__()
        self.w, self.u, self.v = nn.Linear(enc, att), nn.Linear(dec, att), nn.Linear(att, 1)

    def forward(self, encoder_out: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        e = self.v((self.w(encoder_out) + self.u(hidden)[:, None]).tanh()).squeeze(2)
        alpha = e.softmax(1)
        return torch.einsum("bn,bnc->bc", alpha, encoder_out), alpha


class Scored(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> dict[str, Tensor]:
        w = (q @ k.transpose(-2, -1) + bias).softmax(-1)
        return {"out": w @ v, "weights": w}


class Trilinear(nn.Module):
    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        return (a @ b) @ c


class Graph(nn.Module):
    def __init__(self, in_features: int = 9, out_features: int = 5) -> None:
        super().__init__()
        self.lin = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        return adjacency @ self.lin(x)


class Edges(nn.Module):
    def __init__(self, dim: int = 9) -> None:
        super().__init__()
        self.lin = nn.Linear(2 * dim, 4)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        source, target = edge_index
        return self.lin(torch.cat([x[source], x[target]], -1))


class Cell(nn.Module):
    def __init__(self, width: int = 8, hidden: int = 12) -> None:
        super().__init__()
        self.cell = nn.GRUCell(width, hidden)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.cell(x, h)


class Recurrent(nn.Module):
    def __init__(self, width: int = 8, hidden: int = 12) -> None:
        super().__init__()
        self.rnn = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Any]:
        return self.rnn(x, state)
