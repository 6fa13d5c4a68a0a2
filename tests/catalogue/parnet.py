"""ParNet's block: two convolutions, and a skip connection gated by its own means."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "parnet"
VALUES = [{"C": 3}, {"C": 2, "bias": True, "skip_norm": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 4, 3, dtype=torch.float64) * 2,)


def normed(bn, c: int, t: Tensor) -> Tensor:
    """Return one channel by its stored statistics."""
    u = (t - bn.running_mean[c]) / (bn.running_var[c] + bn.eps).sqrt()
    return u * bn.weight[c] + bn.bias[c]


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    B, C, H, W = x.shape
    for b in range(B):
        e = [normed(p.norm_skip, c, x[b, c]) if v.skip_norm else x[b, c] for c in range(C)]
        for c in range(C):
            wide = torch.zeros(H, W, dtype=x.dtype)
            for i in range(H):
                for j in range(W):
                    for k in range(max(0, i - 1), min(H, i + 2)):
                        for m in range(max(0, j - 1), min(W, j + 2)):
                            w = p.wide.weight[c, :, k - i + 1, m - j + 1]
                            wide[i, j] += w @ x[b, :, k, m]
            point = sum(p.point.weight[c, f] * x[b, f] for f in range(C))
            if v.bias:
                wide, point = wide + p.wide.bias[c], point + p.point.bias[c]
            logit = p.excite.bias[c] + sum(p.excite.weight[c, f] * e[f].mean() for f in range(C))
            t = normed(p.norm_wide, c, wide) + normed(p.norm_point, c, point)
            t = t + e[c] / (1 + (-logit).exp())
            y[b, c] = t / (1 + (-t).exp())
    return y


class Branches(nn.Module):
    """Branches as Sequentials, the authors' BatchNorm on the skip connection."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self.identity = nn.BatchNorm2d(channel)
        self.dense = self.unit(channel, 3)
        self.point = self.unit(channel, 1)
        self.sse = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channel, channel, 1), nn.Sigmoid()
        )
        self.act = nn.SiLU()

    def unit(self, c: int, k: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(c, c, k, padding=k // 2, bias=False), nn.BatchNorm2d(c))

    def skip(self, x: Tensor) -> Tensor:
        e = self.identity(x)
        return self.sse(e) * e

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.dense(x) + self.point(x) + self.skip(x))


class NoSkipNorm(nn.Module):
    """No norm on the skip connection, biases before norms, the gate from a Linear layer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv3, self.bn3 = nn.Conv2d(channels, channels, 3, 1, 1), nn.BatchNorm2d(channels)
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.fc(x.mean((-2, -1))))
        y = torch.einsum("bc,bchw->bchw", gate, x)
        y = y + self.bn1(self.conv1(x))
        y = y + self.bn3(self.conv3(x))
        return y * torch.sigmoid(y)


class GateAdded(Branches):
    def skip(self, x: Tensor) -> Tensor:
        return self.sse(self.identity(x))


class SkipTwice(Branches):
    def skip(self, x: Tensor) -> Tensor:
        e = self.identity(x)
        return e + self.sse(e) * e


class GateOnTheSum(Branches):
    def forward(self, x: Tensor) -> Tensor:
        e = self.identity(x)
        return self.act((self.dense(x) + self.point(x) + e) * self.sse(e))


class NoGate(Branches):
    def skip(self, x: Tensor) -> Tensor:
        return self.identity(x)


STYLES = ["Branches", "NoSkipNorm"]
FAULTS = {
    "GateAdded": "equivalence",
    "SkipTwice": "equivalence",
    "GateOnTheSum": "equivalence",
    "NoGate": "unused",
}
