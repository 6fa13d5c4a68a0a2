"""YOLOv5's C3: half the width through bottlenecks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.catalogue.bottleneck import layer

SPEC = "c3"
VALUES = [
    {"C": 3, "C2": 4},
    {"C": 4, "C2": 4, "repeats": 2, "activation": "leaky"},
    {"C": 4, "C2": 4, "repeats": 3, "shortcut": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 2, 3, dtype=torch.float64),)


class Matrix:
    """A matrix as a 1×1 convolution."""

    def __init__(self, linear: nn.Linear) -> None:
        self.weight = linear.weight[:, :, None, None]


def equation(p, v, x: Tensor) -> Tensor:
    t = layer(Matrix(p.cv1), p.bn1, x[0], 1, v.activation)
    for i in range(v.repeats):
        e = layer(Matrix(getattr(p, f"m{i}_cv1")), getattr(p, f"m{i}_bn1"), t, 1, v.activation)
        u = layer(getattr(p, f"m{i}_cv2"), getattr(p, f"m{i}_bn2"), e, 1, v.activation)
        t = t + u if v.shortcut else u
    s = layer(Matrix(p.cv2), p.bn2, x[0], 1, v.activation)
    return layer(Matrix(p.cv3), p.bn3, torch.cat((t, s)), 1, v.activation)[None]


def unit(c1: int, c2: int, k: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(c1, c2, k, padding=k // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c2), nn.SiLU())


class Plain(nn.Module):
    """Units as Sequentials, two bottlenecks in a list."""

    def __init__(self, c1: int, c2: int) -> None:
        super().__init__()
        h = c2 // 2
        self.cv1, self.cv2, self.cv3 = unit(c1, h), unit(c1, h), unit(2 * h, c2)
        self.m = nn.ModuleList(nn.Sequential(unit(h, h), unit(h, h, 3)) for _ in range(2))

    def first(self, x: Tensor) -> Tensor:
        t = self.cv1(x)
        for block in self.m:
            t = t + block(t)
        return t

    def second(self, x: Tensor) -> Tensor:
        return self.cv2(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.cv3(torch.cat((self.first(x), self.second(x)), 1))


class OneHalfTwice(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return self.cv3(torch.cat((self.first(x), self.first(x)), 1))


class Pooled(Plain):
    def second(self, x: Tensor) -> Tensor:
        return self.cv2(x).mean((2, 3), keepdim=True).expand(-1, -1, *x.shape[2:])


STYLES = ["Plain"]
FAULTS = {"OneHalfTwice": "unused", "Pooled": "reach"}
