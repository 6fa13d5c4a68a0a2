"""YOLOv5's bottleneck: reduce, look around, add."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "bottleneck"
VALUES = [
    {"C": 4, "C2": 4},
    {"C": 3, "C2": 4, "activation": "hardswish"},
    {"C": 4, "C2": 4, "k": 3, "g": 2, "shortcut": False, "activation": "leaky"},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 3, 4, dtype=torch.float64),)


def layer(conv, bn, x: Tensor, groups: int, activation: str) -> Tensor:
    """Convolve, normalise, activate: (C, H, W) -> (C', H, W), sum by sum."""
    out, width, k, _ = conv.weight.shape
    H, W = x.shape[1:]
    y = torch.zeros(out, H, W, dtype=x.dtype)
    for c in range(out):
        first = c * groups // out * width
        for i in range(H):
            for j in range(W):
                for r in range(max(0, i - k // 2), min(H, i + k // 2 + 1)):
                    for s in range(max(0, j - k // 2), min(W, j + k // 2 + 1)):
                        w = conv.weight[c, :, r - i + k // 2, s - j + k // 2]
                        y[c, i, j] += w @ x[first : first + width, r, s]
        n = (y[c] - bn.running_mean[c]) / (bn.running_var[c] + bn.eps).sqrt()
        n = n * bn.weight[c] + bn.bias[c]
        if activation == "leaky":
            y[c] = torch.where(n > 0, n, 0.1 * n)
        else:
            y[c] = n * (((n + 3) / 6).clamp(0, 1) if activation == "hardswish" else n.sigmoid())
    return y


def equation(p, v, x: Tensor) -> Tensor:
    h = layer(p.cv1, p.bn1, x[0], 1, v.activation)
    y = layer(p.cv2, p.bn2, h, v.g, v.activation)
    return (y + x[0] if v.shortcut and v.C == v.C2 else y)[None]


class Sequentially(nn.Module):
    """One Sequential; the sum out of place."""

    def __init__(self, c1: int, c2: int, shortcut: bool = True) -> None:
        super().__init__()
        hidden = c2 // 2
        self.branch = nn.Sequential(
            nn.Conv2d(c1, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.SiLU(),
            nn.Conv2d(hidden, c2, 3, padding=1, bias=False),
            nn.BatchNorm2d(c2),
            nn.SiLU(),
        )
        self.add = shortcut and c1 == c2

    def forward(self, x: Tensor) -> Tensor:
        y = self.branch(x)
        return x + y if self.add else y


class AddedTwice(Sequentially):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x + self.branch(x)


class PooledBranch(Sequentially):
    def forward(self, x: Tensor) -> Tensor:
        return x + F.adaptive_avg_pool2d(self.branch(x), 1)


STYLES = ["Sequentially"]
FAULTS = {"AddedTwice": "equivalence", "PooledBranch": "per-position"}
