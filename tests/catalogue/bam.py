"""BAM: a pooled branch and a dilated branch in one gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "bam"
VALUES = [
    {"C": 4, "r": 2},
    {"C": 4, "r": 2, "combine": "product", "bias": False, "conv_bias": False},
    {"C": 4, "r": 2, "norms": "last", "dilation": 2},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def normed(norm, t: Tensor) -> Tensor:
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return (t - norm.running_mean) * scale + norm.bias


def affine(layer, t: Tensor) -> Tensor:
    return t @ layer.weight.T + (0 if layer.bias is None else layer.bias)


def dilated(layer, t: Tensor, apart: int) -> Tensor:
    """Taps some pixels apart of a map (H, W, C)."""
    H, W = t.shape[:2]
    y = torch.zeros_like(t)
    for i in range(H):
        for j in range(W):
            for a in range(3):
                for c in range(3):
                    m, n = i + apart * (a - 1), j + apart * (c - 1)
                    if 0 <= m < H and 0 <= n < W:
                        y[i, j] += layer.weight[:, :, a, c] @ t[m, n]
    return y + (0 if layer.bias is None else layer.bias)


def equation(p, v, x: Tensor) -> Tensor:
    hidden = v.norms == "hidden"
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        z = affine(p.squeeze, x[b].mean((1, 2)))
        z = normed(p.squeeze_norm, z) if hidden else z
        m_c = affine(p.excite, z.clamp(min=0))
        m_c = m_c if hidden else normed(p.excite_norm, m_c)
        t = affine(p.reduce, x[b].permute(1, 2, 0))
        t = normed(p.reduce_norm, t).clamp(min=0) if hidden else t
        t = dilated(p.first, t, v.dilation)
        t = normed(p.first_norm, t).clamp(min=0) if hidden else t
        t = dilated(p.second, t, v.dilation)
        t = normed(p.second_norm, t).clamp(min=0) if hidden else t
        m_s = affine(p.score, t)
        m_s = (m_s if hidden else normed(p.score_norm, m_s))[:, :, 0]
        m = m_c[:, None, None] + m_s if v.combine == "sum" else m_c[:, None, None] * m_s
        y[b] = x[b] + x[b] / (1 + (-m).exp())
    return y


class Branches(nn.Module):
    """The norm of the pooled vector acts on a map of one pixel."""

    def __init__(self, gate_channels: int, reduction_ratio: int = 4, dilation: int = 4) -> None:
        super().__init__()
        h = gate_channels // reduction_ratio
        self.channel = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(gate_channels, h, 1),
            nn.BatchNorm2d(h),
            nn.ReLU(),
            nn.Conv2d(h, gate_channels, 1),
        )
        layers: list[nn.Module] = [nn.Conv2d(gate_channels, h, 1), nn.BatchNorm2d(h), nn.ReLU()]
        for _ in range(2):
            layers += [nn.Conv2d(h, h, 3, padding=dilation, dilation=dilation)]
            layers += [nn.BatchNorm2d(h), nn.ReLU()]
        self.spatial = nn.Sequential(*layers, nn.Conv2d(h, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + x * torch.sigmoid(self.channel(x) + self.spatial(x))


class NoResidual(Branches):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.channel(x) + self.spatial(x))


class ChannelsTwice(Branches):
    def forward(self, x: Tensor) -> Tensor:
        return x + x * torch.sigmoid(self.channel(x) + self.channel(x))


class TwoApart(Branches):
    """The dilation is a hyperparameter of the paper; people name it in their own ways."""

    def __init__(self, gate_channels: int, reduction_ratio: int = 4, dia_val: int = 2) -> None:
        super().__init__(gate_channels, reduction_ratio, dia_val)


class DilationForgotten(Branches):
    def __init__(self, gate_channels: int, reduction_ratio: int = 4) -> None:
        super().__init__(gate_channels, reduction_ratio, 1)


STYLES = ["Branches", "TwoApart"]
FAULTS = {
    "NoResidual": "gate",
    "ChannelsTwice": "unused",
    "DilationForgotten": "equivalence",
}
