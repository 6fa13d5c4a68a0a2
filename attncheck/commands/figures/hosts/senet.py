"""SENet-154, Hu et al. 2018, table 10: a ResNeXt-152 64x4d of its own make.

The 1×1 convolution of a bottleneck is half as wide as the 3×3, the stem is three 3×3, and a
shortcut that strides is 3×3. Place: ``stageS/blockB/residual``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncheck.commands.figures.hosts.layers import Classifier, conv_norm
from attncheck.commands.figures.hosts.places import Attention, at


class SENetBlock(nn.Module):
    """A bottleneck: (B, in, H, W) -> (B, 4·planes, H/stride, W/stride)."""

    def __init__(self, attend: Attention, name: str, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * planes
        self.branch = nn.Sequential(
            *conv_norm(inputs, 2 * planes, act=nn.ReLU),
            *conv_norm(2 * planes, outputs, 3, stride, 64, nn.ReLU),
            *conv_norm(outputs, outputs),
            at(attend, f"{name}/residual", outputs),
        )
        kernel = 3 if stride > 1 else 1
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = conv_norm(inputs, outputs, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H/stride, W/stride)."""
        return torch.relu(self.branch(x) + self.shortcut(x))


def build(attend: Attention, *, classes: int = 1000) -> nn.Module:
    """Return SENet-154, from (B, 3, H, W) to (B, classes)."""
    layers: list[nn.Module] = [
        conv_norm(3, 64, 3, 2, act=nn.ReLU),
        conv_norm(64, 64, 3, act=nn.ReLU),
        conv_norm(64, 128, 3, act=nn.ReLU),
        nn.MaxPool2d(3, 2, ceil_mode=True),
    ]
    inputs = 128
    for stage, depth in enumerate((3, 8, 36, 3)):
        planes = 64 * 2**stage
        for block in range(depth):
            name = f"stage{stage + 1}/block{block + 1}"
            layers.append(SENetBlock(attend, name, inputs, planes, 2 if stage and not block else 1))
            inputs = 4 * planes
    return nn.Sequential(*layers, Classifier(inputs, classes))
