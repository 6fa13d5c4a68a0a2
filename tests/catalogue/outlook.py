"""Outlook attention: the weights of a window from its centre alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "outlook"
VALUES = [{"C": 4, "heads": 2}, {"C": 2, "heads": 1, "bias": True, "attn_bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 3, 2, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    _, C, H, W = x.shape
    k, K, d = v.k, v.k**2, C // v.heads
    values = F.linear(x[0].permute(1, 2, 0), p.v.weight, p.v.bias)
    y = torch.zeros(H, W, C, dtype=x.dtype)
    for i in range(H):
        for j in range(W):
            u = F.linear(x[0, :, i, j], p.attn.weight, p.attn.bias).view(v.heads, K, K)
            places = [(i + n // k - k // 2, j + n % k - k // 2) for n in range(K)]
            for h in range(v.heads):
                part = slice(h * d, (h + 1) * d)
                for to, (r, s) in enumerate(places):
                    if not (0 <= r < H and 0 <= s < W):
                        continue
                    e = (u[h, to] / d**0.5).exp()
                    for n, (a, b) in enumerate(places):
                        if 0 <= a < H and 0 <= b < W:
                            y[r, s, part] += e[n] / e.sum() * values[a, b, part]
    return F.linear(y, p.proj.weight, p.proj.bias).permute(2, 0, 1)[None]


class ChannelsLast(nn.Module):
    """Maps (B, H, W, C), unfold and fold."""

    def __init__(self, dim: int, num_heads: int = 2, kernel_size: int = 3) -> None:
        super().__init__()
        self.num_heads, self.k = num_heads, kernel_size
        self.scale = (dim // num_heads) ** -0.5
        self.v = nn.Linear(dim, dim, bias=False)
        self.attn = nn.Linear(dim, kernel_size**4 * num_heads)
        self.proj = nn.Linear(dim, dim)

    def weights(self, x: Tensor) -> Tensor:
        K = self.k**2
        e = self.attn(x).flatten(1, 2).unflatten(-1, (self.num_heads, K, K))
        return (e * self.scale).softmax(-1).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        B, H, W, C = x.shape
        v = F.unfold(self.v(x).permute(0, 3, 1, 2), self.k, padding=self.k // 2)
        v = v.view(B, self.num_heads, -1, self.k**2, H * W).permute(0, 1, 4, 3, 2)
        y = (self.weights(x) @ v).permute(0, 1, 4, 3, 2).reshape(B, C * self.k**2, H * W)
        y = F.fold(y, (H, W), self.k, padding=self.k // 2)
        return self.proj(y.permute(0, 2, 3, 1))


class OverReceivers(ChannelsLast):
    def weights(self, x: Tensor) -> Tensor:
        K = self.k**2
        e = self.attn(x).flatten(1, 2).unflatten(-1, (self.num_heads, K, K))
        return (e * self.scale).softmax(-2).transpose(1, 2)


class Dilated(ChannelsLast):
    def forward(self, x: Tensor) -> Tensor:
        B, H, W, C = x.shape
        v = F.unfold(self.v(x).permute(0, 3, 1, 2), self.k, dilation=2, padding=2)
        v = v.view(B, self.num_heads, -1, self.k**2, H * W).permute(0, 1, 4, 3, 2)
        y = (self.weights(x) @ v).permute(0, 1, 4, 3, 2).reshape(B, C * self.k**2, H * W)
        y = F.fold(y, (H, W), self.k, padding=self.k // 2)
        return self.proj(y.permute(0, 2, 3, 1))


CALL = {"inputs": ("2x5x6x8",), "dim": 8}
STYLES = ["ChannelsLast"]
FAULTS = {"OverReceivers": "equivalence", "Dilated": "reach"}
