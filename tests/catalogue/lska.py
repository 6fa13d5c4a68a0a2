"""Large separable kernel attention: four strips and a 1×1 convolution as gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "lska"
VALUES = [{"C": 3}, {"C": 2, "k": 3, "l": 5, "dilation": 3, "bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 5, 6, dtype=torch.float64),)


def strip(layer, x: Tensor, step: int, down: bool) -> Tensor:
    """Return a strip's sums: (C, H, W) -> same."""
    y = torch.zeros_like(x)
    size = layer.weight.shape[-1]
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            for t in range(size):
                by = (t - size // 2) * step
                r, s = (i + by, j) if down else (i, j + by)
                if 0 <= r < x.shape[1] and 0 <= s < x.shape[2]:
                    y[:, i, j] += layer.weight[:, 0, t] * x[:, r, s]
    return y if layer.bias is None else y + layer.bias[:, None, None]


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        near = strip(p.columns, strip(p.rows, x[b], 1, False), 1, True)
        far = strip(p.far_columns, strip(p.far_rows, near, v.dilation, False), v.dilation, True)
        for c in range(v.C):
            g = sum(p.mix.weight[c, e] * far[e] for e in range(v.C))
            y[b, c] = x[b, c] * (g + (p.mix.bias[c] if v.bias else 0))
    return y


class Strips(nn.Module):
    """The authors' way for a kernel of 11: five convolutions in a row."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv0h = nn.Conv2d(dim, dim, (1, 3), padding=(0, 1), groups=dim)
        self.conv0v = nn.Conv2d(dim, dim, (3, 1), padding=(1, 0), groups=dim)
        self.conv_spatial_h = nn.Conv2d(dim, dim, (1, 5), padding=(0, 4), groups=dim, dilation=2)
        self.conv_spatial_v = nn.Conv2d(dim, dim, (5, 1), padding=(4, 0), groups=dim, dilation=2)
        self.conv1 = nn.Conv2d(dim, dim, 1)

    def gate(self, x: Tensor) -> Tensor:
        near = self.conv0v(self.conv0h(x))
        return self.conv1(self.conv_spatial_v(self.conv_spatial_h(near)))

    def forward(self, x: Tensor) -> Tensor:
        return x.clone() * self.gate(x)


class AsMatrix(Strips):
    """The mixing as a layer on the last axis."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.conv1 = nn.Linear(dim, dim)

    def gate(self, x: Tensor) -> Tensor:
        far = self.conv_spatial_v(self.conv_spatial_h(self.conv0v(self.conv0h(x))))
        return self.conv1(far.movedim(1, -1)).movedim(-1, 1)


class Added(Strips):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.gate(x)


class FromTheInput(Strips):
    """The far strips read the input."""

    def gate(self, x: Tensor) -> Tensor:
        near = self.conv0v(self.conv0h(x))
        return self.conv1(near + self.conv_spatial_v(self.conv_spatial_h(x)))


class RowsOnly(Strips):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.conv0v = nn.Conv2d(dim, dim, (1, 3), padding=(0, 1), groups=dim)
        self.conv_spatial_v = nn.Conv2d(dim, dim, (1, 5), padding=(0, 4), groups=dim, dilation=2)


class NoDilation(Strips):
    """As large as a kernel of 7, and not one of 11."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.conv_spatial_h = nn.Conv2d(dim, dim, (1, 5), padding=(0, 2), groups=dim)
        self.conv_spatial_v = nn.Conv2d(dim, dim, (5, 1), padding=(2, 0), groups=dim)


STYLES = ["Strips", "AsMatrix"]
FAULTS = {
    "Added": "gate",
    "FromTheInput": "reach",
    "RowsOnly": "reach",
    "NoDilation": "equivalence",
}
