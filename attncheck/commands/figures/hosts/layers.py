"""The layers that convolutional hosts share."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


def conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """Return a "same" convolution without bias: (B, in, H, W) -> (B, out, H/stride, W/stride)."""
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)


def conv_norm(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    act: type[nn.Module] | None = None,
) -> nn.Sequential:
    """Return convolution and BatchNorm, and an activation where one is named."""
    layers: list[nn.Module] = [conv(inputs, outputs, kernel, stride, groups)]
    layers.append(nn.BatchNorm2d(outputs))
    if act is not None:
        layers.append(act())
    return nn.Sequential(*layers)


class Strided(nn.Module):
    """Apply a module that has no stride to every ``stride``-th row and column.

    It counts what the module would count with that stride: its windows are evaluated at as many
    positions. It computes another function, and only counts are made of it.

    Args:
        inner: a module of maps.
        stride: distance between the positions that it sees.
    """

    def __init__(self, inner: nn.Module, stride: int) -> None:
        super().__init__()
        self.inner = inner
        self.stride = stride

    def forward(self, x: Tensor) -> Any:
        """(B, C, H, W) -> what the module makes of (B, C, H/stride, W/stride)."""
        return self.inner(x[:, :, :: self.stride, :: self.stride])


class Mean(nn.Module):
    """Mean over columns, then over rows: (B, C, H, W) -> (B, C). No hook on a layer sees it."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C)."""
        return x.mean(-1).mean(-1)


class Classifier(nn.Sequential):
    """Mean over positions, then a linear layer: (B, C, H, W) -> (B, classes).

    ``kind`` is ``linear``, ``conv`` for a 1×1 convolution without bias in its stead, or ``mean``
    where the mean is no pooling layer.
    """

    def __init__(self, channels: int, classes: int, *, kind: str = "linear") -> None:
        pool: list[nn.Module] = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        if kind == "conv":
            super().__init__(pool[0], conv(channels, classes), pool[1])
        else:
            layers = [Mean()] if kind == "mean" else pool
            super().__init__(*layers, nn.Linear(channels, classes))
