"""Contextual transformer: static context, and neighbours weighed by it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "cot"
VALUES = [{"C": 8, "a": 4}, {"C": 16, "a": 3, "g": 2}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 2, 3, dtype=torch.float64),)


def normed(bn, t: Tensor) -> Tensor:
    shape = (-1,) + (1,) * (t.ndim - 1)
    scale = bn.weight / (bn.running_var + bn.eps).sqrt()
    return (t - bn.running_mean.view(shape)) * scale.view(shape) + bn.bias.view(shape)


def equation(p, v, x: Tensor) -> Tensor:
    _, C, H, W = x.shape
    K, s = v.k**2, C // 8
    static = F.conv2d(x, p.key_embed.weight, padding=v.k // 2, groups=v.g)[0]
    k = normed(p.key_norm, static).clamp_min(0)
    values = normed(p.value_norm, torch.einsum("oc,chw->ohw", p.conv1x1.weight, x[0]))
    e = torch.einsum("oc,chw->ohw", p.embed0.weight, torch.cat((x[0], k)))
    e = normed(p.embed_norm, e).clamp_min(0)
    e = torch.einsum("oc,chw->ohw", p.embed3.weight, e) + p.embed3.bias[:, None, None]
    norm = p.embed_group_norm
    w = torch.zeros_like(e)
    for i in range(s):
        part = e[i * K : (i + 1) * K]
        w[i * K : (i + 1) * K] = (part - part.mean()) / (part.var(correction=0) + norm.eps).sqrt()
    w = w * norm.weight[:, None, None] + norm.bias[:, None, None]
    t = torch.zeros_like(values)
    for c in range(C):
        for i in range(H):
            for j in range(W):
                for n in range(K):
                    a, b = i + n // v.k - v.k // 2, j + n % v.k - v.k // 2
                    if 0 <= a < H and 0 <= b < W:
                        t[c, i, j] += w[c % s * K + n, i, j] * values[c, a, b]
    t = normed(p.bn, t)
    dynamic = t * t.sigmoid()
    z = (dynamic + k).mean((1, 2))
    h = normed(p.se_norm, p.se0.weight @ z + p.se0.bias).clamp_min(0)
    u = (p.se3.weight @ h + p.se3.bias).view(C, 2).exp()
    r = u / u.sum(1, keepdim=True)
    return (r[:, 0, None, None] * dynamic + r[:, 1, None, None] * k)[None]


class ByShifts(nn.Module):
    """Neighbours by slices of a padded map; layers in Sequentials."""

    def __init__(self, dim: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.k, self.shared = kernel_size, dim // 8
        pad, wide = kernel_size // 2, kernel_size**2 * dim // 8
        self.key_embed = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size, padding=pad, groups=4, bias=False),
            nn.BatchNorm2d(dim),
            nn.ReLU(),
        )
        self.embed = nn.Sequential(
            nn.Conv2d(2 * dim, dim // 2, 1, bias=False),
            nn.BatchNorm2d(dim // 2),
            nn.ReLU(),
            nn.Conv2d(dim // 2, wide, 1),
            nn.GroupNorm(dim // 8, wide),
        )
        self.value = nn.Sequential(nn.Conv2d(dim, dim, 1, bias=False), nn.BatchNorm2d(dim))
        self.bn = nn.BatchNorm2d(dim)
        self.se = nn.Sequential(
            nn.Conv2d(dim, 12, 1), nn.BatchNorm2d(12), nn.ReLU(), nn.Conv2d(12, 2 * dim, 1)
        )

    def local(self, v: Tensor, w: Tensor) -> Tensor:
        H, W = v.shape[2:]
        padded, y = F.pad(v, [self.k // 2] * 4), torch.zeros_like(v)
        w = w.unflatten(1, (self.shared, -1)).repeat(1, 8, 1, 1, 1)
        for n in range(self.k**2):
            a, b = n // self.k, n % self.k
            y = y + w[:, :, n] * padded[:, :, a : a + H, b : b + W]
        return y

    def forward(self, x: Tensor) -> Tensor:
        k = self.key_embed(x)
        w = self.embed(torch.cat((x, k), 1))
        c = F.silu(self.bn(self.local(self.value(x), w)))
        both = torch.stack((c, k), 2)
        r = self.se(both.sum(2).mean((2, 3), keepdim=True)).unflatten(1, (-1, 2)).softmax(2)
        return (both * r).sum(2)


class PlainSum(ByShifts):
    def forward(self, x: Tensor) -> Tensor:
        k = self.key_embed(x)
        w = self.embed(torch.cat((x, k), 1))
        return k + F.silu(self.bn(self.local(self.value(x), w)))


class OverTheBatch(ByShifts):
    def local(self, v: Tensor, w: Tensor) -> Tensor:
        return super().local(v, w.softmax(0))


CALL = {"inputs": ("2x16x5x6",), "dim": 16}
STYLES = ["ByShifts"]
FAULTS = {"PlainSum": "unused", "OverTheBatch": "batch-independence"}
