"""Residual attention: a trunk times one plus a mask made on half the map."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "residual-attention"
VALUES = [
    {"C": 2},
    {"C": 2, "trunk": False, "norm": False, "bias": True},
    {"C": 2, "corners": True},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 4, 5, dtype=torch.float64),)


def unit(conv, bn, x: Tensor) -> Tensor:
    """Convolve 3×3, normalise, cut at zero, sum by sum: (C, H, W) -> same."""
    H, W = x.shape[1:]
    y = torch.zeros_like(x)
    for c in range(x.shape[0]):
        for i in range(H):
            for j in range(W):
                for r in range(max(0, i - 1), min(H, i + 2)):
                    for s in range(max(0, j - 1), min(W, j + 2)):
                        y[c, i, j] += conv.weight[c, :, r - i + 1, s - j + 1] @ x[:, r, s]
        if conv.bias is not None:
            y[c] += conv.bias[c]
        if bn is not None:
            n = (y[c] - bn.running_mean[c]) / (bn.running_var[c] + bn.eps).sqrt()
            y[c] = n * bn.weight[c] + bn.bias[c]
    return y.clamp_min(0)


def at(t: Tensor, i: int, size: int, corners: bool) -> Tensor:
    """Return row i of ``size`` rows interpolated between those of t."""
    n = t.shape[0]
    place = i * (n - 1) / (size - 1) if corners else max(0.0, (i + 0.5) * n / size - 0.5)
    low = min(int(place), n - 1)
    high = min(low + 1, n - 1)
    return t[low] + (place - low) * (t[high] - t[low])


def equation(p, v, x: Tensor) -> Tensor:
    t = unit(p.trunk_conv, p.trunk_norm, x[0]) if v.trunk else x[0]
    C, H, W = t.shape
    half = torch.zeros(C, (H + 1) // 2, (W + 1) // 2, dtype=x.dtype)
    for i in range(half.shape[1]):
        for j in range(half.shape[2]):
            rows, columns = slice(max(0, 2 * i - 1), 2 * i + 2), slice(max(0, 2 * j - 1), 2 * j + 2)
            half[:, i, j] = x[0, :, rows, columns].flatten(1).amax(1)
    m = unit(p.mask_conv, p.mask_norm, half).permute(1, 2, 0)
    m = torch.stack([at(m, i, H, v.corners) for i in range(H)]).transpose(0, 1)
    m = torch.stack([at(m, j, W, v.corners) for j in range(W)], 1)
    m = (m @ p.mask_out.weight.T + p.mask_out.bias).sigmoid().permute(2, 0, 1)
    return (t * (1 + m))[None]


class InTwoBranches(nn.Module):
    """Layers in Sequentials; the sum first, the product second."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*self.convolution(channels))
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.mask = nn.Sequential(*self.convolution(channels))
        self.out = nn.Conv2d(channels, channels, 1)

    @staticmethod
    def convolution(c: int) -> tuple[nn.Module, ...]:
        return nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU()

    def masked(self, t: Tensor, m: Tensor) -> Tensor:
        return t + t * m

    def forward(self, x: Tensor) -> Tensor:
        m = F.interpolate(self.mask(self.pool(x)), x.shape[-2:], mode="bilinear")
        return self.masked(self.trunk(x), self.out(m).sigmoid())


class WithoutOne(InTwoBranches):
    def masked(self, t: Tensor, m: Tensor) -> Tensor:
        return t * m


class MaskAdded(InTwoBranches):
    def masked(self, t: Tensor, m: Tensor) -> Tensor:
        return t + m


class WithUnits(InTwoBranches):
    """As in the paper: residual units in place of convolutions, one before and one after."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        units = [nn.Sequential(*self.convolution(channels)) for _ in range(4)]
        self.first, self.again, self.down, self.last = units

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.first(x)
        t = self.trunk(x)
        t = t + self.again(t)
        d = self.pool(x)
        m = self.mask(d + self.down(d))
        m = F.interpolate(m, x.shape[-2:], mode="bilinear")
        y = self.masked(t, self.out(m).sigmoid())
        return y + self.last(y)


CALL = {"inputs": ("2x8x6x8",), "channels": 8}
STYLES = ["InTwoBranches", "WithUnits"]
OPEN = ["WithUnits"]  # residual units where the definition has convolutions
FAULTS = {"WithoutOne": "equivalence", "MaskAdded": "equivalence"}
