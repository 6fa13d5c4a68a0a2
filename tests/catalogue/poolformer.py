"""Pooling as a token mixer: the mean around, less the pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "poolformer"
VALUES = [{"k": 3}, {"k": 5}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, 2, 4, 6, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    half = v.k // 2
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            near = x[:, :, max(0, i - half) : i + half + 1, max(0, j - half) : j + half + 1]
            y[:, :, i, j] = near.mean((2, 3)) - x[:, :, i, j]
    return y


class ByConvolution(nn.Module):
    """Sums over windows, divided by how many pixels there are."""

    def __init__(self, pool_size: int = 3) -> None:
        super().__init__()
        self.k = pool_size

    def near(self, x: Tensor) -> Tensor:
        sums = F.avg_pool2d(x, self.k, 1, self.k // 2)
        counts = F.avg_pool2d(torch.ones_like(x[:1, :1]), self.k, 1, self.k // 2)
        return sums / counts

    def forward(self, x: Tensor) -> Tensor:
        return self.near(x) - x


class ZerosCount(ByConvolution):
    def near(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, self.k, 1, self.k // 2)


class NothingTaken(ByConvolution):
    def forward(self, x: Tensor) -> Tensor:
        return self.near(x)


STYLES = ["ByConvolution"]
FAULTS = {"ZerosCount": "constant", "NothingTaken": "constant"}
