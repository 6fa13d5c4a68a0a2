"""Attention gate: a skip connection gated by a coarser signal."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "attention-gate"
VALUES = [
    {"C": 3, "D": 4, "F": 2},
    {"C": 3, "D": 2, "F": 3, "norms": "none", "gate_bias": False},
    {"C": 2, "D": 2, "F": 3, "norms": "sum", "psi_bias": False},
    {"C": 3, "D": 2, "F": 2, "norms": "none", "grid": "coarse", "block": True},
]


def inputs(v) -> tuple[Tensor, ...]:
    x = torch.randn(2, v.C, 4, 5, dtype=torch.float64)
    sides = (3, 3) if v.grid == "coarse" else (4, 5)
    return x, torch.randn(2, v.D, *sides, dtype=torch.float64)


def normed(bn, t: Tensor) -> Tensor:
    if bn is None:
        return t
    return (t - bn.running_mean) / (bn.running_var + bn.eps).sqrt() * bn.weight + bn.bias


def applied(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def between(t: Tensor, i: float, j: float) -> Tensor:
    """The value of (C, h, w) at a place between pixels, the nearest one's beyond the borders."""
    total = torch.zeros_like(t[:, 0, 0])
    i, j = min(max(i, 0), t.shape[1] - 1), min(max(j, 0), t.shape[2] - 1)
    for a in range(t.shape[1]):
        for b in range(t.shape[2]):
            total = total + max(0, 1 - abs(i - a)) * max(0, 1 - abs(j - b)) * t[:, a, b]
    return total


def resampled(t: Tensor, sides: tuple[int, ...]) -> Tensor:
    (h, w), (H, W) = t.shape[1:], sides
    out = torch.zeros(len(t), H, W, dtype=t.dtype)
    for i in range(H):
        for j in range(W):
            out[:, i, j] = between(t, (i + 0.5) * h / H - 0.5, (j + 0.5) * w / W - 0.5)
    return out


def gate(p, v, x: Tensor, g: Tensor) -> Tensor:
    s = v.s if v.grid == "coarse" else 1
    h, w = x.shape[1] // s, x.shape[2] // s
    u = torch.stack([normed(p.norm_g, applied(p.w_g, t)) for t in g.flatten(1).T], 1)
    u = resampled(u.view(v.F, *g.shape[1:]), (h, w))
    alpha = torch.zeros(1, h, w, dtype=x.dtype)
    for i in range(h):
        for j in range(w):
            if v.grid == "coarse":
                seen = x[:, i * s : (i + 1) * s, j * s : (j + 1) * s]
                a = torch.stack([(f * seen).sum() for f in p.blocks.weight]) + p.blocks.bias
            else:
                a = applied(p.w_x, x[:, i, j])
            a = normed(p.norm, normed(p.norm_x, a) + u[:, i, j])
            alpha[:, i, j] = 1 / (1 + (-normed(p.norm_psi, applied(p.psi, a.clamp_min(0)))).exp())
    return resampled(alpha, x.shape[1:])


def equation(p, v, x: Tensor, g: Tensor) -> Tensor:
    y = torch.stack([a * gate(p, v, a, b) for a, b in zip(x, g, strict=True)])
    if not v.block:
        return y
    out = [normed(p.out_norm, applied(p.out, t)) for t in y.movedim(1, -1).flatten(0, 2)]
    return torch.stack(out).view(y.movedim(1, -1).shape).movedim(-1, 1)


class SignalFirst(nn.Module):
    """The signal is the first argument, as in many copies; BatchNorm after each convolution."""

    def __init__(self, F_g: int, F_l: int, F_int: int) -> None:
        super().__init__()
        self.W_g = nn.Sequential(nn.Conv2d(F_g, F_int, 1), nn.BatchNorm2d(F_int))
        self.W_x = nn.Sequential(nn.Conv2d(F_l, F_int, 1), nn.BatchNorm2d(F_int))
        self.psi = nn.Sequential(nn.Conv2d(F_int, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid())

    def joined(self, g: Tensor, x: Tensor) -> Tensor:
        return self.psi(torch.relu(self.W_g(g) + self.W_x(x)))

    def forward(self, g: Tensor, x: Tensor) -> Tensor:
        return x * self.joined(g, x)


class SkipFirst(nn.Module):
    """The equations of the paper, without norms."""

    def __init__(self, in_channels: int, gating_channels: int, inter_channels: int) -> None:
        super().__init__()
        self.theta = nn.Conv2d(in_channels, inter_channels, 1, bias=False)
        self.phi = nn.Conv2d(gating_channels, inter_channels, 1)
        self.psi = nn.Conv2d(inter_channels, 1, 1)

    def forward(self, x: Tensor, gating: Tensor) -> Tensor:
        return self.psi((self.theta(x) + self.phi(gating)).relu()).sigmoid() * x


class OnTheGrid(nn.Module):
    """The authors' block: blocks of x, the signal and the gate resampled, a convolution behind."""

    def __init__(
        self,
        in_channels: int,
        gating_channels: int,
        inter_channels: int | None = None,
        sub_sample_factor: tuple[int, int] = (2, 2),
    ) -> None:
        super().__init__()
        f = inter_channels or in_channels // 2
        self.W = nn.Sequential(nn.Conv2d(in_channels, in_channels, 1), nn.BatchNorm2d(in_channels))
        self.theta = nn.Conv2d(in_channels, f, sub_sample_factor, sub_sample_factor, bias=False)
        self.phi, self.psi = nn.Conv2d(gating_channels, f, 1), nn.Conv2d(f, 1, 1)

    def gate(self, scores: Tensor, sides: tuple[int, ...]) -> Tensor:
        return F.interpolate(scores.sigmoid(), size=sides, mode="bilinear")

    def forward(self, x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        theta = self.theta(x)
        phi = F.interpolate(self.phi(g), size=theta.shape[2:], mode="bilinear")
        gate = self.gate(self.psi(F.relu(theta + phi, inplace=True)), x.shape[2:])
        return self.W(gate.expand_as(x) * x), gate


class ScoresResampled(OnTheGrid):
    def gate(self, scores: Tensor, sides: tuple[int, ...]) -> Tensor:
        return F.interpolate(scores, size=sides, mode="bilinear").sigmoid()


class WhatIsLeft(OnTheGrid):
    def gate(self, scores: Tensor, sides: tuple[int, ...]) -> Tensor:
        return 1 - super().gate(scores, sides)


class NoRelu(SignalFirst):
    def joined(self, g: Tensor, x: Tensor) -> Tensor:
        return self.psi(self.W_g(g) + self.W_x(x))


class Pooled(SignalFirst):
    def joined(self, g: Tensor, x: Tensor) -> Tensor:
        return super().joined(g, x).mean((2, 3), keepdim=True)


STYLES = ["SignalFirst", "SkipFirst", "OnTheGrid"]
FAULTS = {
    "NoRelu": "equivalence",
    "Pooled": "reach",
    "ScoresResampled": "equivalence",
    "WhatIsLeft": "equivalence",
}
