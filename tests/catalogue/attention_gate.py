"""Attention gate: a skip connection gated by a coarser signal."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "attention-gate"
VALUES = [
    {"C": 3, "D": 4, "F": 2},
    {"C": 3, "D": 2, "F": 3, "norms": "none", "gate_bias": False},
    {"C": 2, "D": 2, "F": 3, "norms": "sum", "psi_bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    x = torch.randn(2, v.C, 2, 3, dtype=torch.float64)
    return x, torch.randn(2, v.D, 2, 3, dtype=torch.float64)


def normed(bn, t: Tensor) -> Tensor:
    if bn is None:
        return t
    return (t - bn.running_mean) / (bn.running_var + bn.eps).sqrt() * bn.weight + bn.bias


def applied(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def equation(p, v, x: Tensor, g: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                a = normed(p.norm_x, applied(p.w_x, x[b, :, i, j]))
                a = normed(p.norm, a + normed(p.norm_g, applied(p.w_g, g[b, :, i, j])))
                u = normed(p.norm_psi, applied(p.psi, a.clamp_min(0)))
                y[b, :, i, j] = x[b, :, i, j] / (1 + (-u).exp())
    return y


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


class NoRelu(SignalFirst):
    def joined(self, g: Tensor, x: Tensor) -> Tensor:
        return self.psi(self.W_g(g) + self.W_x(x))


class Pooled(SignalFirst):
    def joined(self, g: Tensor, x: Tensor) -> Tensor:
        return super().joined(g, x).mean((2, 3), keepdim=True)


STYLES = ["SignalFirst", "SkipFirst"]
FAULTS = {"NoRelu": "equivalence", "Pooled": "reach"}
