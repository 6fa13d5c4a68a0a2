"""Large selective kernel: two depthwise kernels in a row, selected per position."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "lsk"
VALUES = [{"C": 2}, {"C": 4}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 3, 4, dtype=torch.float64),)


def depthwise(conv, x: Tensor, dilation: int) -> Tensor:
    """Convolve each channel with its own kernel, zeros outside: (C, H, W) -> same."""
    H, W = x.shape[1:]
    k = conv.weight.shape[-1]
    y = torch.zeros_like(x)
    for i in range(H):
        for j in range(W):
            y[:, i, j] = conv.bias
            for a in range(k):
                for b in range(k):
                    r, s = i + (a - k // 2) * dilation, j + (b - k // 2) * dilation
                    if 0 <= r < H and 0 <= s < W:
                        y[:, i, j] += conv.weight[:, 0, a, b] * x[:, r, s]
    return y


def mixed(layer, x: Tensor) -> Tensor:
    return torch.einsum("oc,chw->ohw", layer.weight, x) + layer.bias[:, None, None]


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for n in range(x.shape[0]):
        a = depthwise(p.conv0, x[n], 1)
        b = depthwise(p.conv_spatial, a, 3)
        u_a, u_b = mixed(p.conv1, a), mixed(p.conv2, b)
        both = torch.cat((u_a, u_b))
        m = torch.stack((both.mean(0), both.amax(0)))
        s = torch.zeros_like(m)
        H, W = m.shape[1:]
        for c in range(2):
            for i in range(H):
                for j in range(W):
                    u = p.conv_squeeze.bias[c].clone()
                    for r in range(max(0, i - 3), min(H, i + 4)):
                        for q in range(max(0, j - 3), min(W, j + 4)):
                            u += p.conv_squeeze.weight[c, :, r - i + 3, q - j + 3] @ m[:, r, q]
                    s[c, i, j] = 1 / (1 + (-u).exp())
        y[n] = x[n] * mixed(p.conv, u_a * s[0] + u_b * s[1])
    return y


class ByUnbind(nn.Module):
    """Selection maps unbound; names of another hand."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.near = nn.Conv2d(dim, dim, 5, padding="same", groups=dim)
        self.far = nn.Conv2d(dim, dim, 7, padding="same", groups=dim, dilation=3)
        self.near_out = nn.Conv2d(dim, dim // 2, 1)
        self.far_out = nn.Conv2d(dim, dim // 2, 1)
        self.select = nn.Conv2d(2, 2, 7, padding="same")
        self.back = nn.Conv2d(dim // 2, dim, 1)

    def branches(self, x: Tensor) -> tuple[Tensor, Tensor]:
        near = self.near(x)
        return self.near_out(near), self.far_out(self.far(near))

    def gated(self, x: Tensor, g: Tensor) -> Tensor:
        return x * g

    def forward(self, x: Tensor) -> Tensor:
        branches = torch.stack(self.branches(x), 1)
        flat = branches.flatten(1, 2)
        pooled = torch.stack([flat.mean(1), flat.max(1).values], 1)
        chosen = self.select(pooled).sigmoid().unsqueeze(2)
        return self.gated(x, self.back((branches * chosen).sum(1)))


class InParallel(ByUnbind):
    def branches(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.near_out(self.near(x)), self.far_out(self.far(x))


class NotMultiplied(ByUnbind):
    def gated(self, x: Tensor, g: Tensor) -> Tensor:
        return g


STYLES = ["ByUnbind"]
FAULTS = {"InParallel": "equivalence", "NotMultiplied": "gate"}
