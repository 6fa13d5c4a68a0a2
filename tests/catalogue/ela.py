"""Efficient local attention: a 1-D convolution and GroupNorm of rows' and columns' means."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "ela"
VALUES = [
    {"C": 4, "k": 3, "G": 2, "S": 4},
    {"C": 4, "k": 5, "G": 4, "S": 2, "bias": True},
]
CALL = {"inputs": ("2x32x6x5",), "channel": 32}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64) * 2,)


def line(p, v, z: Tensor) -> Tensor:
    """Return the gates of one line: (C, N) -> same."""
    C, N = z.shape
    n = C // v.S
    f = torch.zeros_like(z)
    for c in range(C):
        first = c // n * n
        for i in range(N):
            for e in range(n):
                for t in range(v.k):
                    j = i + t - v.k // 2
                    if 0 <= j < N:
                        f[c, i] += p.conv.weight[c, e, t] * z[first + e, j]
            f[c, i] += p.conv.bias[c] if v.bias else 0
    size = C // v.G
    g = torch.zeros_like(f)
    for c in range(C):
        group = f[c // size * size : (c // size + 1) * size].flatten()
        mu = group.mean()
        var = ((group - mu) ** 2).mean()
        u = (f[c] - mu) / (var + p.scale.eps).sqrt() * p.scale.weight[c] + p.scale.bias[c]
        g[c] = 1 / (1 + (-u).exp())
    return g


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        g_h = line(p, v, x[b].mean(2))
        g_w = line(p, v, x[b].mean(1))
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                y[b, :, i, j] = x[b, :, i, j] * g_h[:, i] * g_w[:, j]
    return y


class Views(nn.Module):
    """Lines made by views, one depthwise convolution."""

    def __init__(self, channel: int, kernel_size: int = 7) -> None:
        super().__init__()
        self.conv = nn.Conv1d(
            channel, channel, kernel_size, padding=kernel_size // 2, groups=channel, bias=False
        )
        self.gn = nn.GroupNorm(16, channel)
        self.sigmoid = nn.Sigmoid()

    def act(self, z: Tensor) -> Tensor:
        return self.sigmoid(self.gn(self.conv(z)))

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.size()
        x_h = self.act(x.mean(dim=3, keepdim=True).view(b, c, h)).view(b, c, h, 1)
        x_w = self.act(x.mean(dim=2, keepdim=True).view(b, c, w)).view(b, c, 1, w)
        return x * x_h * x_w


class Pooled(nn.Module):
    """Lines by adaptive pooling, the product of both gates first, groups of eight channels."""

    def __init__(self, channel: int, k: int = 5) -> None:
        super().__init__()
        self.pool_h, self.pool_w = nn.AdaptiveAvgPool2d((None, 1)), nn.AdaptiveAvgPool2d((1, None))
        conv = nn.Conv1d(channel, channel, k, padding="same", groups=channel // 8, bias=False)
        self.body = nn.Sequential(conv, nn.GroupNorm(16, channel), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        rows = self.body(self.pool_h(x).squeeze(3))
        columns = self.body(self.pool_w(x).squeeze(2))
        return torch.einsum("bch,bcw->bchw", rows, columns) * x


class RowsTwice(Views):
    def forward(self, x: Tensor) -> Tensor:
        g = self.act(x.mean(3))[..., None]
        return x * g * g


class NoSigmoid(Views):
    def act(self, z: Tensor) -> Tensor:
        return self.gn(self.conv(z))


class Maxima(Views):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.act(x.amax(3))[..., None] * self.act(x.amax(2))[:, :, None]


class TwoConvolutions(Views):
    def __init__(self, channel: int) -> None:
        super().__init__(channel)
        self.other = nn.Conv1d(channel, channel, 7, padding=3, groups=channel, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.act(x.mean(3))[..., None]
        return x * rows * self.sigmoid(self.gn(self.other(x.mean(2))))[:, :, None]


STYLES = ["Views", "Pooled"]
FAULTS = {
    "RowsTwice": "depends-on",
    "NoSigmoid": "gate",
    "Maxima": "depends-on",
    "TwoConvolutions": "transposition",
}
