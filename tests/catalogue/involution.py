"""Involution: a kernel made at each position."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "involution"
VALUES = [
    {"C": 4, "heads": 2, "r": 2, "k": 3},
    {"C": 3, "heads": 1, "r": 1, "k": 3, "norm": False, "bias": True},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    _, C, H, W = x.shape
    bn, k = p.bn, v.k
    for i in range(H):
        for j in range(W):
            a = p.reduce.weight @ x[0, :, i, j]
            a = a if p.reduce.bias is None else a + p.reduce.bias
            if bn is not None:
                a = (a - bn.running_mean) / (bn.running_var + bn.eps).sqrt() * bn.weight + bn.bias
            w = (p.span.weight @ a.clamp_min(0) + p.span.bias).view(v.heads, k, k)
            for c in range(C):
                for r in range(max(0, i - k // 2), min(H, i + k // 2 + 1)):
                    for s in range(max(0, j - k // 2), min(W, j + k // 2 + 1)):
                        place = w[c * v.heads // C, r - i + k // 2, s - j + k // 2]
                        y[0, c, i, j] += place * x[0, c, r, s]
    return y


class ByShifts(nn.Module):
    """Neighbours by slices of a padded map, added one by one."""

    def __init__(self, channels: int, kernel_size: int = 3, groups: int = 2) -> None:
        super().__init__()
        self.kernel_size, self.groups = kernel_size, groups
        self.conv1 = nn.Sequential(
            nn.Conv2d(channels, channels // 4, 1, bias=False),
            nn.BatchNorm2d(channels // 4),
            nn.ReLU(),
        )
        self.conv2 = nn.Conv2d(channels // 4, kernel_size**2 * groups, 1)

    def kernels(self, x: Tensor) -> Tensor:
        return self.conv2(self.conv1(x)).unflatten(1, (self.groups, -1))

    def forward(self, x: Tensor) -> Tensor:
        _, C, H, W = x.shape
        k, w = self.kernel_size, self.kernels(x)
        padded = F.pad(x, [k // 2] * 4)
        y = torch.zeros_like(x)
        for n in range(k * k):
            part = padded[:, :, n // k : n // k + H, n % k : n % k + W]
            y = y + part * w[:, :, n].repeat_interleave(C // self.groups, 1)
        return y


class OneForAll(ByShifts):
    def kernels(self, x: Tensor) -> Tensor:
        w = super().kernels(x)
        return w.mean((3, 4), keepdim=True).expand_as(w)


class Pooled(ByShifts):
    def kernels(self, x: Tensor) -> Tensor:
        return super().kernels(x).amax((3, 4), keepdim=True).expand(-1, -1, -1, *x.shape[2:])


CALL = {"inputs": ("2x16x5x6",), "channels": 16}
STYLES = ["ByShifts"]
FAULTS = {"OneForAll": "reach", "Pooled": "reach"}
