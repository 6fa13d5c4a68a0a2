"""ResNet and ResNeXt, He et al. 2016 and Xie et al. 2017, in the variants that tables name.

Places, with stages and blocks counted from one:
``stageS/blockB/middle`` after the 3×3 convolution of a bottleneck; ``stageS/blockB/kernel`` in its
stead, and ``stageS/blockB/conv2`` in the stead of it with its norm and activation;
``stageS/blockB/residual`` on the branch, before the addition; ``stageS/blockB/after`` and
``stageS/end`` behind block and stage.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from attncheck.commands.figures.hosts.layers import Classifier, Strided, conv_norm
from attncheck.commands.figures.hosts.places import Attention, Place, at


class ResNetBlock(nn.Module):
    """A residual block: (B, in, H, W) -> (B, out, H/stride, W/stride).

    Args:
        attend: the attention.
        name: the block's name, such as ``stage3/block5``.
        inputs: channels that come in.
        outputs: channels that go out.
        width: channels of the 3×3 convolution of a bottleneck; 0 for a basic block.
        stride: of the whole block.
        groups: of the 3×3 convolution.
        stride_in: ``1x1`` (v1) or ``3x3`` (v1.5).
        shortcut: ``conv``, or ``pool`` for a mean over 2×2 positions before it (ResNet-D).
    """

    def __init__(
        self,
        attend: Attention,
        name: str,
        inputs: int,
        outputs: int,
        *,
        width: int,
        stride: int,
        groups: int,
        stride_in: str,
        shortcut: str,
    ) -> None:
        super().__init__()
        if width:
            first, second = (stride, 1) if stride_in == "1x1" else (1, stride)
            layers = [*conv_norm(inputs, width, 1, first, act=nn.ReLU)]
            layers += _middle(attend, name, width, second, groups)
            layers.append(at(attend, f"{name}/middle", width))
            layers += conv_norm(width, outputs)
        else:
            layers = [*conv_norm(inputs, outputs, 3, stride, act=nn.ReLU)]
            layers += conv_norm(outputs, outputs, 3)
        self.branch = nn.Sequential(*layers, at(attend, f"{name}/residual", outputs))
        self.shortcut = _shortcut(inputs, outputs, stride, shortcut)
        self.after = at(attend, f"{name}/after", outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H/stride, W/stride)."""
        y: Tensor = self.after(torch.relu(self.branch(x) + self.shortcut(x)))
        return y


def _middle(attend: Attention, name: str, width: int, stride: int, groups: int) -> list[nn.Module]:
    """Return the 3×3 convolution with norm and activation, or what stands in its stead."""
    unit = attend(Place(f"{name}/conv2", width))
    if unit is not None:
        return [Strided(unit, stride) if stride > 1 else unit]
    kernel = attend(Place(f"{name}/kernel", width))
    if kernel is None:
        return [*conv_norm(width, width, 3, stride, groups, nn.ReLU)]
    pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
    return [kernel, pool, nn.BatchNorm2d(width), nn.ReLU()]


def _shortcut(inputs: int, outputs: int, stride: int, kind: str) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    if kind == "pool" and stride > 1:
        return nn.Sequential(nn.AvgPool2d(stride), *conv_norm(inputs, outputs))
    return conv_norm(inputs, outputs, 1, stride)


def stem(kind: str) -> nn.Sequential:
    """Return the first layers, which end in 64 channels.

    ``7x7``, ``3x3`` (CIFAR), ``deep`` (three 3×3, ResNet-D), ``tiered`` (three that widen) or
    ``tiered-strided`` (and the last has the stride of the pooling).
    """
    if kind in ("7x7", "3x3"):
        layers = [*conv_norm(3, 64, int(kind[0]), 1 if kind == "3x3" else 2, act=nn.ReLU)]
    else:
        a, b = (32, 32) if kind == "deep" else (24, 32)
        last = 2 if kind == "tiered-strided" else 1
        layers = [*conv_norm(3, a, 3, 2, act=nn.ReLU), *conv_norm(a, b, 3, act=nn.ReLU)]
        layers += conv_norm(b, 64, 3, last, act=nn.ReLU)
    if kind in ("7x7", "deep", "tiered"):
        layers.append(nn.MaxPool2d(3, 2, 1))
    return nn.Sequential(*layers)


def build(
    attend: Attention,
    *,
    depths: Sequence[int] = (3, 4, 6, 3),
    bottleneck: bool = True,
    stride_in: str = "3x3",
    groups: int = 1,
    base_width: int = 64,
    first: str = "7x7",
    shortcut: str = "conv",
    widths: Sequence[int] = (64, 128, 256, 512),
    features: int = 0,
    classes: int = 1000,
) -> nn.Module:
    """Return a network from (B, 3, H, W) to (B, classes).

    Args:
        attend: the attention.
        depths: blocks in each stage.
        bottleneck: bottleneck blocks, else basic ones.
        stride_in: ``1x1`` (v1) or ``3x3`` (v1.5).
        groups: of the 3×3 convolutions, 32 in ResNeXt.
        base_width: of a group in the first stage, 4 in ResNeXt 32x4d; 64 in ResNet.
        first: what the first layers are; see :func:`stem`.
        shortcut: ``conv`` or ``pool``.
        widths: of the 3×3 convolutions of each stage, before groups widen them.
        features: channels of a 1×1 convolution before the classifier; 0 for none.
        classes: outputs.
    """
    layers: list[nn.Module] = [stem(first)]
    inputs = 64
    for stage, depth in enumerate(depths):
        planes = widths[stage]
        outputs = 4 * planes if bottleneck else planes
        for block in range(depth):
            layers.append(
                ResNetBlock(
                    attend,
                    f"stage{stage + 1}/block{block + 1}",
                    inputs,
                    outputs,
                    width=planes * base_width // 64 * groups if bottleneck else 0,
                    stride=2 if stage and not block else 1,
                    groups=groups,
                    stride_in=stride_in,
                    shortcut=shortcut,
                )
            )
            inputs = outputs
        layers.append(at(attend, f"stage{stage + 1}/end", outputs))
    if features:
        layers.append(conv_norm(inputs, features, act=nn.ReLU))
    return nn.Sequential(*layers, Classifier(features or inputs, classes))
