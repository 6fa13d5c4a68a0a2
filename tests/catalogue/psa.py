"""Pyramid squeeze attention: four kernels whose weights compete per channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "psa"
SMALL = {"C": 8, "r": 1, "g1": 1, "g2": 2, "g3": 2, "g4": 1}
VALUES = [SMALL, {**SMALL, "last_first": False, "bias": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 2, 3, dtype=torch.float64),)


def grouped(conv, x: Tensor, groups: int) -> Tensor:
    """Convolve, each group of outputs with its group of inputs: (C, H, W) -> (C / 4, H, W)."""
    out, width, k, _ = conv.weight.shape
    H, W = x.shape[1:]
    y = torch.zeros(out, H, W, dtype=x.dtype)
    for c in range(out):
        first = c * groups // out * width
        for i in range(H):
            for j in range(W):
                for r in range(max(0, i - k // 2), min(H, i + k // 2 + 1)):
                    for s in range(max(0, j - k // 2), min(W, j + k // 2 + 1)):
                        w = conv.weight[c, :, r - i + k // 2, s - j + k // 2]
                        y[c, i, j] += w @ x[first : first + width, r, s]
        if conv.bias is not None:
            y[c] += conv.bias[c]
    return y


def equation(p, v, x: Tensor) -> Tensor:
    convs = [(p.conv_1, v.g1), (p.conv_2, v.g2), (p.conv_3, v.g3), (p.conv_4, v.g4)]
    y = []
    for b in range(x.shape[0]):
        maps = [grouped(conv, x[b], g) for conv, g in convs]
        scores = []
        for f in maps:
            h = (p.squeeze.weight @ f.mean((1, 2)) + p.squeeze.bias).clamp_min(0)
            scores.append((p.excite.weight @ h + p.excite.bias).sigmoid())
        e = [s.exp() for s in scores]
        parts = [f * (w / sum(e))[:, None, None] for f, w in zip(maps, e, strict=True)]
        y.append(torch.cat(parts[::-1] if v.last_first else parts))
    return torch.stack(y)


class ByList(nn.Module):
    """Convolutions in a ModuleList, weights by 1×1 convolutions."""

    def __init__(self, channels: int, groups: tuple[int, ...] = (1, 2, 4, 4)) -> None:
        super().__init__()
        n = channels // 4
        self.convs = nn.ModuleList(
            nn.Conv2d(channels, n, k, padding=k // 2, groups=g, bias=False)
            for k, g in zip((3, 5, 7, 9), groups, strict=True)
        )
        self.se = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(n, n // 2, 1), nn.ReLU(), nn.Conv2d(n // 2, n, 1)
        )

    def weights(self, scores: Tensor) -> Tensor:
        return scores.sigmoid().softmax(1)

    def forward(self, x: Tensor) -> Tensor:
        maps = [conv(x) for conv in self.convs]
        w = self.weights(torch.stack([self.se(f) for f in maps], 1))
        return torch.cat([f * g for f, g in zip(maps, w.unbind(1), strict=True)], 1)


class OverChannels(ByList):
    def weights(self, scores: Tensor) -> Tensor:
        return scores.sigmoid().softmax(2)


class OverTheBatch(ByList):
    def weights(self, scores: Tensor) -> Tensor:
        return scores.sigmoid().softmax(0)


CALL = {"inputs": ("2x16x5x6",), "channels": 16}
STYLES = ["ByList"]
FAULTS = {"OverChannels": "equivalence", "OverTheBatch": "batch-independence"}
