"""Spatial attention of CBAM: a window of means and maxima over channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "cbam-spatial"
VALUES = [{"k": 3}, {"k": 3, "bias": True, "norm": False, "max_first": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    B, _, H, W = x.shape
    y = torch.zeros_like(x)
    for b in range(B):
        for i in range(H):
            for j in range(W):
                u = p.spatial.bias[0] if v.bias else torch.zeros((), dtype=x.dtype)
                for a in range(3):
                    for c in range(3):
                        m, n = i + a - 1, j + c - 1
                        if 0 <= m < H and 0 <= n < W:
                            pair = [x[b, :, m, n].max(), x[b, :, m, n].mean()]
                            pair = pair if v.max_first else pair[::-1]
                            kernel = p.spatial.weight[0, :, a, c]
                            u = u + kernel[0] * pair[0] + kernel[1] * pair[1]
                if v.norm:
                    s = p.scale
                    u = (u - s.running_mean[0]) / (s.running_var[0] + s.eps) ** 0.5
                    u = u * s.weight[0] + s.bias[0]
                y[b, :, i, j] = x[b, :, i, j] / (1 + (-u).exp())
    return y


class Joined(nn.Module):
    """Mean first, no norm, the padding by its own layer."""

    def __init__(self, kernel_size: int = 7) -> None:
        super().__init__()
        self.edge = nn.ZeroPad2d(kernel_size // 2)
        self.conv = nn.Conv2d(2, 1, kernel_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        most, _ = torch.max(x, dim=1, keepdim=True)
        told = torch.cat([torch.mean(x, dim=1, keepdim=True), most], dim=1)
        return x * self.conv(self.edge(told)).sigmoid()


class NoSigmoid(Joined):
    def forward(self, x: Tensor) -> Tensor:
        told = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)
        return x * self.conv(self.edge(told))


class MeanTwice(Joined):
    def forward(self, x: Tensor) -> Tensor:
        told = torch.cat([x.mean(1, keepdim=True), x.mean(1, keepdim=True)], dim=1)
        return x * self.conv(self.edge(told)).sigmoid()


STYLES = ["Joined"]
FAULTS = {"NoSigmoid": "gate", "MeanTwice": "statistics"}
