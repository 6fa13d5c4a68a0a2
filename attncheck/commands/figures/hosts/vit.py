"""Vision transformer, Dosovitskiy et al. 2021, with DeiT's small widths. Place: ``blockB``.

The attention takes tokens, (B, N, C) -> (B, N, C); there is no host without one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncheck.commands.figures.hosts.places import Attention, Place
from attncheck.errors import UsageError


class ViTBlock(nn.Module):
    """Attention and perceptron, each behind a LayerNorm: (B, N, C) -> same."""

    def __init__(self, attention: nn.Module, width: int, hidden: int) -> None:
        super().__init__()
        self.attention = attention
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> same."""
        x = x + self.attention(self.first(x))
        y: Tensor = x + self.perceptron(self.second(x))
        return y


class VisionTransformer(nn.Module):
    """Patches, a class token, positions, blocks: (B, 3, size, size) -> (B, classes)."""

    def __init__(
        self, attend: Attention, width: int, depth: int, patch: int, size: int, classes: int
    ) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + (size // patch) ** 2, width))
        blocks: list[nn.Module] = []
        for number in range(depth):
            attention = attend(Place(f"block{number + 1}", width))
            if attention is None:
                raise UsageError("a vision transformer needs an attention", where="vit")
            blocks.append(ViTBlock(attention, width, 4 * width))
        self.blocks = nn.Sequential(*blocks, nn.LayerNorm(width))
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, size, size) -> (B, classes)."""
        t = self.patches(x).flatten(2).transpose(1, 2)
        t = torch.cat((self.token.expand(len(t), -1, -1), t), 1) + self.positions
        y: Tensor = self.head(self.blocks(t)[:, 0])
        return y


def build(
    attend: Attention,
    *,
    width: int = 192,
    depth: int = 12,
    patch: int = 16,
    size: int = 224,
    classes: int = 1000,
) -> nn.Module:
    """Return ViT: width 192 is tiny, 384 small, 768 base."""
    return VisionTransformer(attend, width, depth, patch, size, classes)
