"""Attention modules on tokens, their MACs derived by hand."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.counting.case import Case

B, C, N = 2, 64, 256


class Attention(nn.Module):
    def __init__(self, **keywords: Any) -> None:
        super().__init__()
        self.inner, self.keywords = nn.MultiheadAttention(C, 4, batch_first=True), keywords

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x, x, x, **self.keywords)[0]


class Grouped(nn.Module):
    """128 wide, eight query heads on two key and value heads."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.kv, self.out = nn.Linear(128, 128), nn.Linear(128, 64), nn.Linear(128, 128)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.q(x).unflatten(-1, (8, 16)).transpose(1, 2)
        k, v = self.kv(x).unflatten(-1, (2, 2, 16)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
        return self.out(y.transpose(1, 2).flatten(2))


class Windows(nn.Module):
    """Windows of 8 × 8 on (2, 16, 16, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(C, 3 * C), nn.Linear(C, C)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.view(2, 2, 8, 2, 8, C).permute(0, 1, 3, 2, 4, 5).reshape(8, 64, C)
        q, k, v = self.qkv(x).view(8, 64, 3, 4, 16).permute(2, 0, 3, 1, 4)
        y = (q @ k.transpose(-1, -2) / 4).softmax(-1) @ v
        return self.out(y.transpose(1, 2).reshape(8, 64, C))


class Additive(nn.Module):
    """An LSTM 32 → 64 over 20 steps, and additive attention of its last state on all."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(32, C, batch_first=True)
        self.q, self.k, self.v = nn.Linear(C, C), nn.Linear(C, C), nn.Linear(C, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, (last, _) = self.lstm(x)
        scores = self.v((self.q(last[0])[:, None] + self.k(states)).tanh())
        return (scores.softmax(1).transpose(1, 2) @ states)[:, 0]


TOKENS = ((B, N, C),)
HEADS = "B·(4·N·d² + 2·N²·d): four projections, scores and weighted sums of all heads"
HEADS_MACS = B * (4 * N * C * C + 2 * N * N * C)
HEADS_PARAMETERS = 4 * C * C + 4 * C

MODULES = {
    "multi-head, weights": Case(Attention, TOKENS, HEADS, HEADS_MACS, parameters=HEADS_PARAMETERS),
    "multi-head, no weights": Case(
        lambda: Attention(need_weights=False),
        TOKENS,
        HEADS,
        HEADS_MACS,
        parameters=HEADS_PARAMETERS,
    ),
    "grouped queries": Case(
        Grouped,
        ((B, N, 128),),
        "B·(N·d·(d + d/2 + d) + 2·N²·d), d = 128: q, k and v of two heads of eight, output",
        B * (N * 128 * (128 + 64 + 128) + 2 * N * N * 128),
        parameters=128 * (128 + 64 + 128) + 128 + 64 + 128,
    ),
    "windows": Case(
        Windows,
        ((B, 16, 16, C),),
        "B·(4·N·d² + 2·N·w²·d), w = 8: every position attends the w² of its window",
        B * (4 * N * C * C + 2 * N * 64 * C),
        parameters=4 * C * C + 4 * C,
    ),
    "LSTM, additive": Case(
        Additive,
        ((B, 20, 32),),
        "B·(T·4·h·(i + h) + h² + T·h² + T·h + T·h): gates; query, keys, scores, weighted sum",
        B * (20 * 4 * C * (32 + C) + C * C + 20 * C * C + 2 * 20 * C),
        parameters=4 * C * (32 + C) + 2 * 4 * C + 2 * (C * C + C) + C + 1,
    ),
}
