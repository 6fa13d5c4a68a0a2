"""Context anchor attention: means around, two strips, a gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "caa"
VALUES = [{"C": 3, "k": 3, "l": 5}, {"C": 2, "k": 5, "l": 3, "bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 4, 5, dtype=torch.float64) * 2,)


def mixed(layer, bn, x: Tensor) -> Tensor:
    """Return SiLU(BN(W x)): (C, H, W) -> same."""
    y = torch.zeros_like(x)
    for c in range(x.shape[0]):
        u = sum(layer.weight[c, e] * x[e] for e in range(x.shape[0]))
        u = (u - bn.running_mean[c]) / (bn.running_var[c] + bn.eps).sqrt()
        u = u * bn.weight[c] + bn.bias[c]
        y[c] = u / (1 + (-u).exp())
    return y


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    H, W = x.shape[2:]
    for b in range(x.shape[0]):
        m = torch.zeros_like(x[b])
        for i in range(H):
            for j in range(W):
                m[:, i, j] = x[b, :, max(0, i - 3) : i + 4, max(0, j - 3) : j + 4].sum((1, 2)) / 49
        f = mixed(p.conv1, p.bn1, m)
        u, w = torch.zeros_like(f), torch.zeros_like(f)
        for j in range(W):
            for t in range(v.k):
                if 0 <= j + t - v.k // 2 < W:
                    u[:, :, j] += p.rows.weight[:, 0, t, None] * f[:, :, j + t - v.k // 2]
        u = u + (p.rows.bias[:, None, None] if v.bias else 0)
        for i in range(H):
            for t in range(v.l):
                if 0 <= i + t - v.l // 2 < H:
                    w[:, i] += p.columns.weight[:, 0, t, None] * u[:, i + t - v.l // 2]
        w = w + (p.columns.bias[:, None, None] if v.bias else 0)
        y[b] = x[b] / (1 + (-mixed(p.conv2, p.bn2, w)).exp())
    return y


def unit(channels: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, channels, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels, eps=0.001), nn.SiLU())


class Units(nn.Module):
    """Units as Sequentials, strips as convolutions with a pair of sizes."""

    def __init__(self, channels: int, h_kernel_size: int = 11, v_kernel_size: int = 11) -> None:
        super().__init__()
        k, n = h_kernel_size, v_kernel_size
        self.avg_pool = nn.AvgPool2d(7, 1, 3)
        self.conv1 = unit(channels)
        self.h_conv = nn.Conv2d(channels, channels, (1, k), padding=(0, k // 2), groups=channels)
        self.v_conv = nn.Conv2d(channels, channels, (n, 1), padding=(n // 2, 0), groups=channels)
        self.conv2 = unit(channels)
        self.act = nn.Sigmoid()

    def strips(self, f: Tensor) -> Tensor:
        return self.v_conv(self.h_conv(f))

    def gate(self, x: Tensor) -> Tensor:
        return self.act(self.conv2(self.strips(self.conv1(self.avg_pool(x)))))

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(x) * x


class Added(Units):
    def strips(self, f: Tensor) -> Tensor:
        return self.v_conv(f) + self.h_conv(f)


class NoSigmoid(Units):
    def gate(self, x: Tensor) -> Tensor:
        return self.conv2(self.strips(self.conv1(self.avg_pool(x))))


class WideMeans(Units):
    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.avg_pool = nn.AvgPool2d(15, 1, 7)


class OwnGate(Units):
    def forward(self, x: Tensor) -> Tensor:
        g = self.gate(x)
        return g * g


STYLES = ["Units"]
FAULTS = {
    "Added": "equivalence",
    "NoSigmoid": "gate",
    "WideMeans": "reach",
    "OwnGate": "gate",
}
