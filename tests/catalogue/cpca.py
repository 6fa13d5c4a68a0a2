"""Channel prior convolutional attention: channels first, then depthwise strips."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "cpca"
VALUES = [
    {"C": 4, "r": 2},
    {"C": 3, "r": 1, "bias": False, "around": "own"},
    {"C": 2, "r": 1, "around": "none", "sigmoids": "sum"},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 4, 5, dtype=torch.float64),)


def mixed(layer, x: Tensor) -> Tensor:
    """Return W x + b of vectors or maps: (C, …) -> (F, …)."""
    rows = [sum(w * u for w, u in zip(row, x, strict=True)) for row in layer.weight]
    return torch.stack([r if layer.bias is None else r + layer.bias[i] for i, r in enumerate(rows)])


def strip(layer, x: Tensor, axis: int) -> Tensor:
    """Return a depthwise convolution along one axis of (C, H, W)."""
    k, n = layer.weight.shape[2], x.shape[axis]
    y = torch.zeros_like(x)
    for c in range(x.shape[0]):
        for i in range(n):
            for t in range(k):
                j = i + t - k // 2
                if 0 <= j < n:
                    y[c].select(axis - 1, i).add_(layer.weight[c, 0, t] * x[c].select(axis - 1, j))
        y[c] += 0 if layer.bias is None else layer.bias[c]
    return y


def equation(p, v, x: Tensor) -> Tensor:
    outputs = []
    for one in x:
        C, H, W = one.shape
        f = one
        if v.around != "none":
            f = mixed(p.enter if v.around == "own" else p.mix, one)
            f = f * (1 + torch.erf(f / 2**0.5)) / 2
        logits = [
            mixed(p.excite, mixed(p.squeeze, z).clamp(min=0))
            for z in (f.mean((1, 2)), f.amax((1, 2)))
        ]
        if v.sigmoids == "each":
            s = sum(1 / (1 + (-u).exp()) for u in logits)
        else:
            s = 1 / (1 + (-sum(logits)).exp())
        c = torch.stack([f[e] * s[e] for e in range(C)])
        d = torch.zeros_like(c)
        for i in range(H):
            for j in range(W):
                for k in range(max(0, i - 2), min(H, i + 3)):
                    for m in range(max(0, j - 2), min(W, j + 3)):
                        d[:, i, j] += p.near.weight[:, 0, k - i + 2, m - j + 2] * c[:, k, m]
        d = d + (p.near.bias[:, None, None] if v.bias else 0)
        t = d
        for k in (7, 11, 21):
            rows, columns = getattr(p, f"rows{k}"), getattr(p, f"columns{k}")
            t = t + strip(columns, strip(rows, d, 2), 1)
        y = mixed(p.mix, t) * c
        if v.around != "none":
            y = mixed(p.leave if v.around == "own" else p.mix, y)
        outputs.append(y)
    return torch.stack(outputs)


class Channels(nn.Module):
    """One perceptron of 1×1 convolutions for means and maxima."""

    def __init__(self, c: int, h: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, h, 1), nn.Conv2d(h, c, 1)

    def of(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.fc2(F.relu(self.fc1(z))))

    def forward(self, x: Tensor) -> Tensor:
        return self.of(F.adaptive_avg_pool2d(x, 1)) + self.of(F.adaptive_max_pool2d(x, 1))


class OneMatrix(nn.Module):
    """The authors' way: one 1×1 convolution in three places."""

    def __init__(self, in_channels: int, reduction: int = 4) -> None:
        super().__init__()
        c = in_channels
        self.ca = Channels(c, c // reduction)
        self.d5 = nn.Conv2d(c, c, 5, padding=2, groups=c)
        for k in (7, 11, 21):
            row = nn.Conv2d(c, c, (1, k), padding=(0, k // 2), groups=c)
            column = nn.Conv2d(c, c, (k, 1), padding=(k // 2, 0), groups=c)
            self.add_module(f"d{k}", nn.Sequential(row, column))
        self.conv = nn.Conv2d(c, c, 1)
        self.act = nn.GELU()

    def strips(self, d: Tensor) -> Tensor:
        return d + self.d7(d) + self.d11(d) + self.d21(d)

    def attend(self, x: Tensor) -> Tensor:
        x = self.ca(x) * x
        return self.conv(self.strips(self.d5(x))) * x

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.attend(self.act(self.conv(x))))


class AsThePaper(nn.Module):
    """The paper's equations: one sigmoid, nothing around, branches in a list."""

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        h = channels // reduction
        self.mlp = nn.Sequential(nn.Linear(channels, h), nn.ReLU(), nn.Linear(h, channels))
        self.dw = nn.Conv2d(channels, channels, 5, padding="same", groups=channels)
        self.branches = nn.ModuleList(
            nn.ModuleList(
                nn.Conv2d(channels, channels, size, padding="same", groups=channels)
                for size in ((1, k), (k, 1))
            )
            for k in (21, 11, 7)
        )
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        gate = torch.sigmoid(self.mlp(flat.mean(-1)) + self.mlp(flat.max(-1).values))
        x = x * gate[:, :, None, None]
        d = self.dw(x)
        total = d.clone()
        for row, column in self.branches:
            total = total + column(row(d))
        return x * self.mix(total)


class RowsOnly(OneMatrix):
    def strips(self, d: Tensor) -> Tensor:
        rows = [getattr(self, f"d{k}")[0] for k in (7, 11, 21)]
        return d + sum(row(d) for row in rows)


class NoDirectBranch(OneMatrix):
    def strips(self, d: Tensor) -> Tensor:
        return self.d7(d) + self.d11(d) + self.d21(d)


class OnUngated(OneMatrix):
    def attend(self, x: Tensor) -> Tensor:
        return self.conv(self.strips(self.d5(x))) * self.ca(x) * x


class Pooled(OneMatrix):
    def strips(self, d: Tensor) -> Tensor:
        return super().strips(d).mean((2, 3), keepdim=True)


STYLES = ["OneMatrix", "AsThePaper"]
FAULTS = {
    "RowsOnly": "unused",
    "NoDirectBranch": "equivalence",
    "OnUngated": "equivalence",
    "Pooled": "equivalence",
}
