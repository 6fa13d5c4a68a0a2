"""BAM: a pooled branch and a dilated branch in one gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "bam"
VALUES = [
    {"C": 4, "r": 2},
    {"C": 4, "r": 2, "combine": "product", "bias": False, "conv_bias": False},
    {"C": 4, "r": 2, "norms": "last", "map_norms": "last", "rectified": False, "dilation": 2},
    {"C": 4, "r": 2, "map_norms": "last"},
    {"C": 4, "r": 2, "norms": "last", "rectified": False},
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
    hidden, inside = v.norms == "hidden", v.map_norms == "hidden"
    y = torch.zeros_like(x)

    def between(norm, t: Tensor) -> Tensor:
        t = normed(norm, t) if inside else t
        return t.clamp(min=0) if v.rectified else t

    for b in range(x.shape[0]):
        z = affine(p.squeeze, x[b].mean((1, 2)))
        z = normed(p.squeeze_norm, z) if hidden else z
        m_c = affine(p.excite, z.clamp(min=0))
        m_c = m_c if hidden else normed(p.excite_norm, m_c)
        t = between(p.reduce_norm, affine(p.reduce, x[b].permute(1, 2, 0)))
        t = between(p.first_norm, dilated(p.first, t, v.dilation))
        t = between(p.second_norm, dilated(p.second, t, v.dilation))
        m_s = affine(p.score, t)
        m_s = (m_s if inside else normed(p.score_norm, m_s))[:, :, 0]
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


class EachItsOwn(nn.Module):
    """The paper's norm after the MLP; one after each convolution but the last, ReLU or not."""

    after: tuple[bool, ...] = (False, False, False)

    def __init__(self, in_planes: int, ratio: int = 4, d: int = 4) -> None:
        super().__init__()
        h = in_planes // ratio
        self.fc1, self.fc2 = nn.Linear(in_planes, h), nn.Linear(h, in_planes)
        self.bn = nn.BatchNorm1d(in_planes)
        wide = {"padding": d, "dilation": d, "bias": False}
        self.convs = nn.ModuleList(
            [nn.Conv2d(in_planes, h, 1, bias=False), *(nn.Conv2d(h, h, 3, **wide) for _ in "12")]
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(h) for _ in self.convs)
        self.score = nn.Conv2d(h, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        channel = self.bn(self.fc2(self.fc1(x.mean((2, 3))).relu()))
        t = x
        for conv, norm, rectified in zip(self.convs, self.norms, self.after, strict=True):
            t = norm(conv(t))
            t = t.relu() if rectified else t
        return x * (1 + torch.sigmoid(self.score(t) + channel[:, :, None, None]))


class OneRectified(EachItsOwn):
    after = (True, False, True)


STYLES = ["Branches", "TwoApart", "EachItsOwn"]
FAULTS = {
    "OneRectified": "equivalence",
    "NoResidual": "gate",
    "ChannelsTwice": "unused",
    "DilationForgotten": "equivalence",
}
