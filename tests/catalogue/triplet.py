"""Triplet attention: three gates, each pooled over one of the axes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "triplet"
VALUES = [{"k": 3}, {"k": 3, "spatial": False}, {"k": 3, "rotated": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 3, 4, 5, dtype=torch.float64),)


def gate(conv, norm, most: Tensor, mean: Tensor) -> Tensor:
    """Return sigmoid(BN(conv([most; mean]))) of two (P, Q) planes, sum by sum."""
    P, Q = mean.shape
    k = conv.weight.shape[-1]
    g = torch.zeros_like(mean)
    for p in range(P):
        for q in range(Q):
            total = torch.zeros((), dtype=mean.dtype)
            for i in range(k):
                for j in range(k):
                    r, s = p + i - k // 2, q + j - k // 2
                    if 0 <= r < P and 0 <= s < Q:
                        w = conv.weight[0, :, i, j]
                        total = total + w[0] * most[r, s] + w[1] * mean[r, s]
            n = (total - norm.running_mean[0]) / (norm.running_var[0] + norm.eps).sqrt()
            g[p, q] = 1 / (1 + (-(n * norm.weight[0] + norm.bias[0])).exp())
    return g


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        wc = x[b].amax(1).T, x[b].mean(1).T  # (W, C)
        hc = x[b].amax(2).T, x[b].mean(2).T  # (H, C)
        if v.rotated:
            g_wc = gate(p.cw, p.cw_norm, *wc).T
            g_hc = gate(p.hc, p.hc_norm, *(t.T for t in hc))
        else:
            g_wc = gate(p.cw, p.cw_norm, *(t.T for t in wc))
            g_hc = gate(p.hc, p.hc_norm, *hc).T
        parts = [x[b] * g_wc[:, None, :], x[b] * g_hc[:, :, None]]
        if v.spatial:
            parts.append(x[b] * gate(p.hw, p.hw_norm, x[b].amax(0), x[b].mean(0)))
        y[b] = sum(parts) / len(parts)
    return y


class ByPoolingAxes(nn.Module):
    """No permutations of the map: each gate is pooled over its axis and put back there."""

    def __init__(self, kernel_size: int = 7) -> None:
        super().__init__()
        self.gates = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False),
                nn.BatchNorm2d(1),
                nn.Sigmoid(),
            )
            for _ in range(3)
        )

    def gate(self, index: int, x: Tensor, axis: int) -> Tensor:
        z = torch.stack([x.amax(axis), x.mean(axis)], 1)
        if axis == 3:
            z = z.transpose(2, 3)
        g = self.gates[index](z)[:, 0]
        return (g.transpose(1, 2) if axis == 3 else g).unsqueeze(axis)

    def forward(self, x: Tensor) -> Tensor:
        return x * sum(self.gate(i, x, axis) for i, axis in enumerate((2, 3, 1))) / 3


class Summed(ByPoolingAxes):
    def forward(self, x: Tensor) -> Tensor:
        return x * sum(self.gate(i, x, axis) for i, axis in enumerate((2, 3, 1)))


class OnlyRows(ByPoolingAxes):
    def forward(self, x: Tensor) -> Tensor:
        return x * (2 * self.gate(1, x, 3) + self.gate(2, x, 1)) / 3


STYLES = ["ByPoolingAxes"]
FAULTS = {"Summed": "gate", "OnlyRows": "reach"}
