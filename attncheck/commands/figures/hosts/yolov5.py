"""YOLOv5 v6.0, from its released configuration: backbone, neck and heads for 80 classes.

Places: ``p4`` and ``p5`` behind the backbone's blocks of stride 16 and 32.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from attncheck.commands.figures.hosts.layers import conv_norm
from attncheck.commands.figures.hosts.places import Attention, at


def _conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    return conv_norm(inputs, outputs, kernel, stride, act=nn.SiLU)


class Bottleneck(nn.Module):
    """1×1 and 3×3, with or without a shortcut: (B, C, H, W) -> same."""

    def __init__(self, width: int, shortcut: bool) -> None:
        super().__init__()
        self.branch = nn.Sequential(_conv(width, width), _conv(width, width, 3))
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        y: Tensor = self.branch(x)
        return x + y if self.shortcut else y


class C3(nn.Module):
    """Bottlenecks beside a 1×1, joined by a third: (B, in, H, W) -> (B, out, H, W)."""

    def __init__(self, inputs: int, outputs: int, depth: int, shortcut: bool = True) -> None:
        super().__init__()
        half = outputs // 2
        self.deep = nn.Sequential(
            _conv(inputs, half), *(Bottleneck(half, shortcut) for _ in range(depth))
        )
        self.flat = _conv(inputs, half)
        self.joined = _conv(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W)."""
        y: Tensor = self.joined(torch.cat((self.deep(x), self.flat(x)), 1))
        return y


class SPPF(nn.Module):
    """Three 5×5 poolings in a row, all kept: (B, C, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels // 2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.last = _conv(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        found = [self.first(x)]
        for _ in range(3):
            found.append(self.pool(found[-1]))
        y: Tensor = self.last(torch.cat(found, 1))
        return y


class YOLOv5(nn.Module):
    """(B, 3, H, W) -> raw predictions at strides 8, 16 and 32."""

    def __init__(self, attend: Attention, depth: float, width: float, classes: int) -> None:
        super().__init__()

        def n(blocks: int) -> int:
            return max(round(blocks * depth), 1)

        c = [math.ceil(64 * 2**i * width / 8) * 8 for i in range(5)]
        first = nn.Sequential(nn.Conv2d(3, c[0], 6, 2, 2, bias=False), nn.BatchNorm2d(c[0]))
        self.p3 = nn.Sequential(
            *first, nn.SiLU(), _conv(c[0], c[1], 3, 2), C3(c[1], c[1], n(3)),
            _conv(c[1], c[2], 3, 2), C3(c[2], c[2], n(6)),
        )  # fmt: skip
        self.p4 = nn.Sequential(
            _conv(c[2], c[3], 3, 2), C3(c[3], c[3], n(9)), at(attend, "p4", c[3])
        )
        self.p5 = nn.Sequential(
            _conv(c[3], c[4], 3, 2), C3(c[4], c[4], n(3)), at(attend, "p5", c[4]), SPPF(c[4])
        )
        self.up = nn.Upsample(scale_factor=2)
        self.narrow5, self.top4 = _conv(c[4], c[3]), C3(2 * c[3], c[3], n(3), False)
        self.narrow4, self.top3 = _conv(c[3], c[2]), C3(2 * c[2], c[2], n(3), False)
        self.down3, self.out4 = _conv(c[2], c[2], 3, 2), C3(2 * c[2], c[3], n(3), False)
        self.down4, self.out5 = _conv(c[3], c[3], 3, 2), C3(2 * c[3], c[4], n(3), False)
        self.heads = nn.ModuleList(nn.Conv2d(k, 3 * (classes + 5), 1) for k in c[2:])

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> three maps of (B, 3·(classes + 5), H/stride, W/stride)."""
        p3 = self.p3(x)
        p4 = self.p4(p3)
        n5 = self.narrow5(self.p5(p4))
        n4 = self.narrow4(self.top4(torch.cat((self.up(n5), p4), 1)))
        o3 = self.top3(torch.cat((self.up(n4), p3), 1))
        o4 = self.out4(torch.cat((self.down3(o3), n4), 1))
        o5 = self.out5(torch.cat((self.down4(o4), n5), 1))
        return [head(o) for head, o in zip(self.heads, (o3, o4, o5), strict=True)]


def build(
    attend: Attention, *, depth: float = 0.33, width: float = 0.5, classes: int = 80
) -> nn.Module:
    """Return YOLOv5; depth and width multiples of 0.33 and 0.5 are size s."""
    return YOLOv5(attend, depth, width, classes)
