"""MobileNetV2, Sandler et al. 2018, table 2.

Places, with the 17 blocks counted from one: ``blockB/expanded`` on the wide map behind the
depthwise convolution, ``blockB/residual`` on the narrow one behind the projection. The first block
expands nothing, and its wide map is ``block1/unexpanded``.
"""

from __future__ import annotations

from torch import Tensor, nn

from attncheck.commands.figures.hosts.layers import Classifier, conv_norm
from attncheck.commands.figures.hosts.places import Attention, at

STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip
"""Expansion, channels, blocks, stride of the first block."""


class InvertedResidual(nn.Module):
    """An inverted residual: (B, in, H, W) -> (B, out, H/stride, W/stride)."""

    def __init__(
        self,
        attend: Attention,
        name: str,
        inputs: int,
        outputs: int,
        stride: int,
        expansion: int,
        widen: bool,
    ) -> None:
        super().__init__()
        wide = inputs * expansion
        where = "expanded" if expansion > 1 else "unexpanded"
        self.branch = nn.Sequential(
            *(conv_norm(inputs, wide, act=nn.ReLU6) if widen else ()),
            *conv_norm(wide, wide, 3, stride, wide, nn.ReLU6),
            at(attend, f"{name}/{where}", wide),
            *conv_norm(wide, outputs),
            at(attend, f"{name}/residual", outputs),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H/stride, W/stride)."""
        y: Tensor = self.branch(x)
        return x + y if self.adds else y


def build(
    attend: Attention,
    *,
    classes: int = 1000,
    widen_first: bool = False,
    classifier: str = "linear",
) -> nn.Module:
    """Return a network from (B, 3, H, W) to (B, classes).

    Args:
        attend: the attention.
        classes: outputs.
        widen_first: give the first block a 1×1 convolution too, which expands nothing.
        classifier: the kind of :class:`attncheck.commands.figures.hosts.layers.Classifier`.
    """
    layers: list[nn.Module] = [conv_norm(3, 32, 3, 2, act=nn.ReLU6)]
    inputs, number = 32, 0
    for expansion, outputs, depth, first in STAGES:
        for block in range(depth):
            number += 1
            stride = 1 if block else first
            widen = expansion > 1 or widen_first
            name = f"block{number}"
            layers.append(InvertedResidual(attend, name, inputs, outputs, stride, expansion, widen))
            inputs = outputs
    layers.append(conv_norm(inputs, 1280, act=nn.ReLU6))
    return nn.Sequential(*layers, Classifier(1280, classes, kind=classifier))
