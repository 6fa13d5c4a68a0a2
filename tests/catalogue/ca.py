"""Coordinate attention: a gate over rows times a gate over columns."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "ca"
VALUES = [{"C": 5, "r": 2}, {"C": 4, "reduce_bias": False, "gate_bias": False, "act": "relu"}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    B, C, H, W = x.shape
    s = p.scale

    def hidden(z: list[Tensor]) -> list[Tensor]:
        out = []
        for i in range(v.m):
            a = sum(p.reduce.weight[i, c] * z[c] for c in range(C))
            a = a + (p.reduce.bias[i] if v.reduce_bias else 0)
            a = (a - s.running_mean[i]) / (s.running_var[i] + s.eps) ** 0.5
            a = a * s.weight[i] + s.bias[i]
            out.append(a.clamp(min=0) if v.act == "relu" else a * (a + 3).clamp(0, 6) / 6)
        return out

    def gate(layer, f: list[Tensor], c: int) -> Tensor:
        u = sum(layer.weight[c, i] * f[i] for i in range(v.m))
        return 1 / (1 + (-u - (layer.bias[c] if v.gate_bias else 0)).exp())

    y = torch.zeros_like(x)
    for b in range(B):
        rows = [hidden([x[b, c, i].mean() for c in range(C)]) for i in range(H)]
        columns = [hidden([x[b, c, :, j].mean() for c in range(C)]) for j in range(W)]
        for c in range(C):
            for i in range(H):
                for j in range(W):
                    both = gate(p.gate_h, rows[i], c) * gate(p.gate_w, columns[j], c)
                    y[b, c, i, j] = x[b, c, i, j] * both
    return y


class Flat(nn.Module):
    """Three axes for the pooled lines, and h-swish written out."""

    def __init__(self, inp: int, reduction: int = 4) -> None:
        super().__init__()
        mip = max(8, inp // reduction)
        self.conv1 = nn.Conv1d(inp, mip, 1)
        self.bn1 = nn.BatchNorm1d(mip)
        self.conv_h = nn.Conv1d(mip, inp, 1)
        self.conv_w = nn.Conv1d(mip, inp, 1)

    def lines(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = self.bn1(self.conv1(torch.cat([x.mean(3), x.mean(2)], dim=2)))
        f = z * F.relu6(z + 3) / 6
        return torch.split(f, [x.size(2), x.size(3)], dim=2)

    def forward(self, x: Tensor) -> Tensor:
        h, w = self.lines(x)
        h, w = self.conv_h(h).sigmoid(), self.conv_w(w).sigmoid()
        return x * torch.einsum("bch,bcw->bchw", h, w)


class RowsTwice(Flat):
    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.lines(x)
        return x * self.conv_h(h).sigmoid()[..., None] * self.conv_w(h).sigmoid()[..., None]


class Summed(Flat):
    def forward(self, x: Tensor) -> Tensor:
        h, w = self.lines(x)
        return x * torch.sigmoid(self.conv_h(h)[..., None] + self.conv_w(w)[:, :, None])


STYLES = ["Flat"]
FAULTS = {"RowsTwice": "reach", "Summed": "gate"}
