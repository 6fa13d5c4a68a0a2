"""MobileNeXt, Zhou et al. 2020: sandglass blocks. Place: ``blockB/residual`` behind each block."""

from __future__ import annotations

import math

from torch import Tensor, nn

from attncheck.commands.figures.hosts.layers import Classifier, conv_norm
from attncheck.commands.figures.hosts.places import Attention, at

STAGES = (
    (2, 96, 1, 2), (6, 144, 1, 1), (6, 192, 3, 2), (6, 288, 3, 2), (6, 384, 4, 1), (6, 576, 4, 2),
    (6, 960, 3, 1), (6, 1280, 1, 1),
)  # fmt: skip
"""Reduction, channels, blocks, stride of the first block."""


class Sandglass(nn.Module):
    """A sandglass: (B, in, H, W) -> (B, out, H/stride, W/stride).

    Where the channels change, the depthwise convolution in front is left out, and the one behind
    too unless it strides; a stage of one block without a stride (``whole``) keeps both.
    """

    def __init__(
        self,
        attend: Attention,
        name: str,
        inputs: int,
        outputs: int,
        stride: int,
        reduction: int,
        whole: bool,
    ) -> None:
        super().__init__()
        narrow = inputs // reduction
        if narrow < outputs / 6:
            narrow = _rounded(math.ceil(outputs / 6))
        same = inputs == outputs
        layers: list[nn.Module] = []
        if same or whole or reduction == 2:
            layers.append(conv_norm(inputs, inputs, 3, 1, inputs, nn.ReLU6))
        layers += [conv_norm(inputs, narrow), conv_norm(narrow, outputs, act=nn.ReLU6)]
        if same or whole or stride == 2:
            layers.append(conv_norm(outputs, outputs, 3, stride, outputs))
        self.branch = nn.Sequential(*layers, at(attend, f"{name}/residual", outputs))
        self.adds = same and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H/stride, W/stride)."""
        y: Tensor = self.branch(x)
        return x + y if self.adds else y


def _rounded(width: int, step: int = 16) -> int:
    near = max(step, (width + step // 2) // step * step)
    return near + step if near < 0.9 * width else near


def build(attend: Attention, *, classes: int = 1000) -> nn.Module:
    """Return a network from (B, 3, H, W) to (B, classes)."""
    layers: list[nn.Module] = [conv_norm(3, 32, 3, 2, act=nn.ReLU6)]
    inputs, number = 32, 0
    for reduction, outputs, depth, first in STAGES:
        for block in range(depth):
            number += 1
            stride = 1 if block else first
            whole = depth == 1 and stride == 1
            name = f"block{number}"
            layers.append(Sandglass(attend, name, inputs, outputs, stride, reduction, whole))
            inputs = outputs
    return nn.Sequential(*layers, Classifier(inputs, classes))
