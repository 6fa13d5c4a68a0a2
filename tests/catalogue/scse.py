"""scSE: a gate over channels and, beside it, one over positions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "scse"
VALUES = [{"C": 5, "r": 2}, {"C": 4, "r": 2, "bias": False, "spatial_bias": False, "fusion": "max"}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    B, C, H, W = x.shape
    y = torch.zeros_like(x)
    for b in range(B):
        z = [x[b, c].mean() for c in range(C)]
        hidden = []
        for i in range(v.h):
            a = sum(p.squeeze.weight[i, c] * z[c] for c in range(C))
            hidden.append((a + (p.squeeze.bias[i] if v.bias else 0)).clamp(min=0))
        for c in range(C):
            u = sum(p.excite.weight[c, i] * hidden[i] for i in range(v.h))
            u = u + (p.excite.bias[c] if v.bias else 0)
            for m in range(H):
                for n in range(W):
                    q = sum(p.spatial.weight[0, e] * x[b, e, m, n] for e in range(C))
                    q = q + (p.spatial.bias[0] if v.spatial_bias else 0)
                    both = [x[b, c, m, n] / (1 + (-u).exp()), x[b, c, m, n] / (1 + (-q).exp())]
                    y[b, c, m, n] = max(both) if v.fusion == "max" else sum(both)
    return y


class TwoSequences(nn.Module):
    """Both gates first, then one product."""

    def __init__(self, in_channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.cSE = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_channels, in_channels // reduction, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels // reduction, in_channels, 1),
            nn.Sigmoid(),
        )
        self.sSE = nn.Sequential(nn.Conv2d(in_channels, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * (self.cSE(x) + self.sSE(x))


class ChannelsTwice(TwoSequences):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.cSE(x) + x * self.cSE(x)


class NoSpatialSigmoid(TwoSequences):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.cSE(x) + x * self.sSE[0](x)


class GatesMultiplied(TwoSequences):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.cSE(x) * self.sSE(x)


STYLES = ["TwoSequences"]
FAULTS = {
    "ChannelsTwice": "depends-on",
    "NoSpatialSigmoid": "gate",
    "GatesMultiplied": "equivalence",
}
