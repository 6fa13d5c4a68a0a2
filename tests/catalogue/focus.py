"""Focus: the pixels of each 2×2 cell as channels, then a convolution."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "focus"
VALUES = [
    {"C": 2, "C2": 3, "k": 1},
    {"C": 2, "C2": 3, "k": 3, "activation": "leaky"},
    {"C": 2, "C2": 2, "activation": "hardswish", "rows_first": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 4, 6, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    B, C, H, W = x.shape
    k = p.conv.weight.shape[-1]
    y = torch.zeros(B, v.C2, H // 2, W // 2, dtype=x.dtype)
    cells = ((0, 0), (1, 0), (0, 1), (1, 1)) if v.rows_first else ((0, 0), (0, 1), (1, 0), (1, 1))
    for b in range(B):
        for o in range(v.C2):
            for i in range(H // 2):
                for j in range(W // 2):
                    for a in range(k):
                        for e in range(k):
                            r, s = i + a - k // 2, j + e - k // 2
                            if not (0 <= r < H // 2 and 0 <= s < W // 2):
                                continue
                            for n, (row, column) in enumerate(cells):
                                w = p.conv.weight[o, n * C : (n + 1) * C, a, e]
                                y[b, o, i, j] += w @ x[b, :, 2 * r + row, 2 * s + column]
    n = (y - p.bn.running_mean[:, None, None]) / (p.bn.running_var + p.bn.eps).sqrt()[:, None, None]
    n = n * p.bn.weight[:, None, None] + p.bn.bias[:, None, None]
    if v.activation == "leaky":
        return torch.where(n > 0, n, 0.1 * n)
    return n * ((n + 3) / 6).clamp(0, 1) if v.activation == "hardswish" else n * n.sigmoid()


class ByReshape(nn.Module):
    """Cells by a reshape, their columns first."""

    def __init__(self, c1: int, c2: int, k: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4 * c1, c2, k, padding=k // 2, bias=False)
        self.bn = nn.BatchNorm2d(c2)

    def cells(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        return x.reshape(B, C, H // 2, 2, W // 2, 2).permute(0, 5, 3, 1, 2, 4).flatten(1, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.bn(self.conv(self.cells(x))))


class OneSliceTwice(ByReshape):
    def cells(self, x: Tensor) -> Tensor:
        a, b, c = x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2]
        return torch.cat((a, b, c, c), 1)


class FixedSize(ByReshape):
    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return F.interpolate(y, x.shape[2:])


class ViewedAsCells(ByReshape):
    def cells(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        return x.reshape(B, 4 * C, H // 2, W // 2)


CALL = {"inputs": ("2x3x8x6",), "c1": 3, "c2": 5}
STYLES = ["ByReshape"]
FAULTS = {"OneSliceTwice": "equivalence", "FixedSize": "shape", "ViewedAsCells": "equivalence"}
