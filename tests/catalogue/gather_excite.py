"""Gather-excite: a gate from all positions, or from windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "gather-excite"
VALUES = [
    {"C": 4, "r": 2},
    {"C": 4, "r": 2, "extent": 2, "bias": False},
    {"C": 3, "extent": 2, "excite": False},
    {"C": 3, "gather": "conv", "excite": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def gathered(x: Tensor, extent: int) -> Tensor:
    """Means over 2·extent - 1 pixels around every extent-th, what lies outside left out."""
    H, W = x.shape[1:]
    rows, columns = range(0, H, extent), range(0, W, extent)
    z = torch.zeros(x.shape[0], len(rows), len(columns), dtype=x.dtype)
    for a, i in enumerate(rows):
        for b, j in enumerate(columns):
            near = x[:, max(i - extent + 1, 0) : i + extent, max(j - extent + 1, 0) : j + extent]
            z[:, a, b] = near.mean((1, 2))
    return z


def strided(conv, norm, x: Tensor) -> Tensor:
    C, H, W = x.shape
    z = torch.zeros(C, (H + 1) // 2, (W + 1) // 2, dtype=x.dtype)
    for a in range(z.shape[1]):
        for b in range(z.shape[2]):
            for i in range(3):
                for j in range(3):
                    m, n = 2 * a + i - 1, 2 * b + j - 1
                    if 0 <= m < H and 0 <= n < W:
                        z[:, a, b] += conv.weight[:, 0, i, j] * x[:, m, n]
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * scale
    return z * scale[:, None, None] + shift[:, None, None]


def equation(p, v, x: Tensor) -> Tensor:
    H, W = x.shape[2:]
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        if v.gather == "conv":
            z = strided(p.first, p.first_norm, x[b]).clamp(min=0)
            z = strided(p.second, p.second_norm, z)
        else:
            z = gathered(x[b], v.extent) if v.extent else x[b].mean((1, 2))[:, None, None]
        for i in range(H):
            for j in range(W):
                u = z[:, i * z.shape[1] // H, j * z.shape[2] // W]
                if v.excite:
                    a = p.squeeze.weight @ u + (p.squeeze.bias if v.bias else 0)
                    u = p.expand.weight @ a.clamp(min=0) + (p.expand.bias if v.bias else 0)
                y[b, :, i, j] = x[b, :, i, j] / (1 + (-u).exp())
    return y


class Windows(nn.Module):
    """An extent of two, sums divided by counts, copies in place of interpolation."""

    def __init__(self, channels: int, rd_ratio: float = 0.25) -> None:
        super().__init__()
        h = int(channels * rd_ratio)
        self.mlp = nn.Sequential(nn.Conv2d(channels, h, 1), nn.ReLU(), nn.Conv2d(h, channels, 1))

    def gather(self, x: Tensor) -> Tensor:
        ones = torch.ones_like(x[:1, :1])
        both = [F.avg_pool2d(t, 3, 2, 1, count_include_pad=True) for t in (x, ones)]
        return both[0] / both[1]

    def logits(self, x: Tensor) -> Tensor:
        u = self.mlp(self.gather(x))
        rows = torch.arange(x.size(2), device=x.device) * u.size(2) // x.size(2)
        columns = torch.arange(x.size(3), device=x.device) * u.size(3) // x.size(3)
        return u[:, :, rows][..., columns]

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.logits(x))


class NoSigmoid(Windows):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.logits(x)


class GateAlone(Windows):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(x))


STYLES = ["Windows"]
FAULTS = {"NoSigmoid": "gate", "GateAlone": "gate"}
