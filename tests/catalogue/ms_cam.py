"""Multi-scale channel attention: a gate of a position's context and the map's."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "ms-cam"
VALUES = [{"C": 4, "r": 2}, {"C": 3, "r": 1, "bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 4, 3, dtype=torch.float64) * 2,)


def normed(bn, c: int, t: Tensor) -> Tensor:
    """Return one channel by its stored statistics."""
    u = (t - bn.running_mean[c]) / (bn.running_var[c] + bn.eps).sqrt()
    return u * bn.weight[c] + bn.bias[c]


def branch(p, kind: str, n: str, u: Tensor) -> list[Tensor]:
    """Return BN(W2 relu(BN(W1 u))) of values per channel: (C, …) -> the same."""
    layers = [getattr(p, f"{name}{n}") for name in (f"{kind}_in", f"{kind}_out")]
    norms = [getattr(p, f"norm_{name}{n}") for name in (f"{kind}_in", f"{kind}_out")]
    for layer, bn, last in zip(layers, norms, (False, True), strict=True):
        out = []
        for f, row in enumerate(layer.weight):
            t = sum(row[c] * u[c] for c in range(len(row)))
            t = normed(bn, f, t if layer.bias is None else t + layer.bias[f])
            out.append(t if last else t.clamp(min=0))
        u = out
    return u


def attention(p, n: str, u: Tensor) -> Tensor:
    """Return M of one sample: (C, H, W) -> same."""
    near = branch(p, "local", n, u)
    far = branch(p, "global", n, u.mean((1, 2)))
    return torch.stack([1 / (1 + (-a - b).exp()) for a, b in zip(near, far, strict=True)])


def equation(p, v, x: Tensor) -> Tensor:
    return torch.stack([one * attention(p, "", one) for one in x])


def perceptron(c: int, h: int, *first: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        *first,
        nn.Conv2d(c, h, 1),
        nn.BatchNorm2d(h),
        nn.ReLU(inplace=True),
        nn.Conv2d(h, c, 1),
        nn.BatchNorm2d(c),
    )


class Sequentials(nn.Module):
    """Two Sequentials of 1×1 convolutions."""

    def __init__(self, channels: int, r: int = 4) -> None:
        super().__init__()
        self.local_att = perceptron(channels, channels // r)
        self.global_att = perceptron(channels, channels // r, nn.AdaptiveAvgPool2d(1))

    def gate(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.local_att(x) + self.global_att(x))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class LinearLayers(nn.Module):
    """The global branch of linear layers on vectors, without biases."""

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        h = channels // reduction
        self.conv1, self.conv2 = (
            nn.Conv2d(a, b, 1, bias=False) for a, b in ((channels, h), (h, channels))
        )
        self.n1, self.n2 = nn.BatchNorm2d(h), nn.BatchNorm2d(channels)
        self.fc1, self.fc2 = nn.Linear(channels, h, False), nn.Linear(h, channels, False)
        self.n3, self.n4 = nn.BatchNorm1d(h), nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        near = self.n2(self.conv2(self.n1(self.conv1(x)).relu()))
        far = self.n4(self.fc2(self.n3(self.fc1(x.flatten(2).mean(2))).relu()))
        return (near + far[..., None, None]).sigmoid().mul(x)


class OneBranch(Sequentials):
    def gate(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.global_att(x) + self.global_att(x)) * torch.ones_like(x)


class SigmoidEach(Sequentials):
    def gate(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.local_att(x)) + torch.sigmoid(self.global_att(x))


class NoMean(Sequentials):
    def gate(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.local_att(x) + self.global_att[1:](x))


STYLES = ["Sequentials", "LinearLayers"]
FAULTS = {"OneBranch": "unused", "SigmoidEach": "gate", "NoMean": "reach"}
