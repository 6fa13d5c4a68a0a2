"""Swin, Liu et al. 2021, section 3.3. Places: ``stageS/plain`` and ``stageS/shifted``.

The attention takes maps, (B, C, H, W) -> same, and cuts its own windows. A stage alternates plain
and shifted windows; where one window covers the whole map, nothing is shifted.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from attncheck.commands.figures.hosts.places import Attention, Place
from attncheck.errors import UsageError


class SwinBlock(nn.Module):
    """Attention and perceptron, each behind a LayerNorm: (B, H, W, C) -> same."""

    def __init__(self, attention: nn.Module, width: int) -> None:
        super().__init__()
        self.attention = attention
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) -> same."""
        maps = self.first(x).permute(0, 3, 1, 2)
        x = x + self.attention(maps).permute(0, 2, 3, 1)
        y: Tensor = x + self.perceptron(self.second(x))
        return y


class Merging(nn.Module):
    """Four neighbours become one position: (B, H, W, C) -> (B, H/2, W/2, 2·C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduce = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) -> (B, H/2, W/2, 2·C)."""
        corners = [x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)]
        y: Tensor = self.reduce(self.norm(torch.cat(corners, -1)))
        return y


class Swin(nn.Module):
    """(B, 3, H, W) -> (B, classes)."""

    def __init__(
        self, attend: Attention, width: int, depths: Sequence[int], size: int, classes: int
    ) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.norm = nn.LayerNorm(width)
        layers: list[nn.Module] = []
        side = size // 4
        for stage, depth in enumerate(depths):
            if stage:
                layers.append(Merging(width))
                width, side = 2 * width, side // 2
            for number in range(depth):
                kind = "shifted" if number % 2 and side > 7 else "plain"
                attention = attend(Place(f"stage{stage + 1}/{kind}", width))
                if attention is None:
                    raise UsageError("a Swin needs attention in every place", where="swin")
                layers.append(SwinBlock(attention, width))
        self.layers = nn.Sequential(*layers, nn.LayerNorm(width))
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, classes)."""
        t = self.norm(self.patches(x).permute(0, 2, 3, 1))
        y: Tensor = self.head(self.layers(t).mean((1, 2)))
        return y


def build(
    attend: Attention,
    *,
    width: int = 96,
    depths: Sequence[int] = (2, 2, 6, 2),
    size: int = 224,
    classes: int = 1000,
) -> nn.Module:
    """Return Swin with windows of 7×7; the defaults are Swin-T."""
    return Swin(attend, width, depths, size, classes)
