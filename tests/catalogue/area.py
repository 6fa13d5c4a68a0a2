"""Area attention: softmax within bands of pixels, values convolved beside it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "area"
VALUES = [
    {"C": 4, "heads": 2, "A": 2, "k": 3},
    {"C": 4, "heads": 2, "A": 1, "half": True, "k": 3},
]
CALL = {"dim": 16, "num_heads": 2, "inputs": ("2x16x4x6",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 4, 3, dtype=torch.float64),)


def normed(bn, t: Tensor) -> Tensor:
    u = (t.movedim(0, -1) - bn.running_mean) / (bn.running_var + bn.eps).sqrt()
    return (u * bn.weight + bn.bias).movedim(-1, 0)


def equation(p, v, x: Tensor) -> Tensor:
    B, C, H, W = x.shape
    d, y = C // v.heads, torch.zeros_like(x)
    E = d // 2 if v.half else d
    size = H * W // v.A
    for b in range(B):
        t = normed(p.qkv_bn, p.qkv.weight @ x[b].flatten(1))
        out, values = torch.zeros(C, H * W, dtype=x.dtype), torch.zeros(C, H * W, dtype=x.dtype)
        for h in range(v.heads):
            own = t[h * (2 * E + d) : (h + 1) * (2 * E + d)]
            q, k, u = own[:E], own[E : 2 * E], own[2 * E :]
            values[h * d : (h + 1) * d] = u
            for i in range(H * W):
                band = [j for j in range(H * W) if j // size == i // size]
                e = [(q[:, i] @ k[:, j] / E**0.5).exp() for j in band]
                mix = sum(w * u[:, j] for w, j in zip(e, band, strict=True)) / sum(e)
                out[h * d : (h + 1) * d, i] = mix
        grid, near = values.reshape(C, H, W), torch.zeros(C, H, W, dtype=x.dtype)
        for i in range(H):
            for j in range(W):
                for r in range(v.k):
                    for s in range(v.k):
                        m, n = i + r - v.k // 2, j + s - v.k // 2
                        if 0 <= m < H and 0 <= n < W:
                            near[:, i, j] += p.near.weight[:, 0, r, s] * grid[:, m, n]
        z = out + normed(p.near_bn, near).flatten(1)
        y[b] = normed(p.output_bn, p.output.weight @ z).reshape(C, H, W)
    return y


class Conv(nn.Module):
    """A convolution and its BatchNorm."""

    def __init__(self, c1: int, c2: int, k: int = 1, g: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, 1, k // 2, groups=g, bias=False)
        self.bn = nn.BatchNorm2d(c2, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(x))


class Areas(nn.Module):
    """Areas put into the batch, heads on tokens."""

    def __init__(self, dim: int, num_heads: int, area: int = 4) -> None:
        super().__init__()
        self.area, self.num_heads, self.head_dim = area, num_heads, dim // num_heads
        self.qkv, self.proj, self.pe = Conv(dim, 3 * dim), Conv(dim, dim), Conv(dim, dim, 7, dim)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return ((q.transpose(-2, -1) @ k) * self.head_dim**-0.5).softmax(-1)

    def near(self, x: Tensor, v: Tensor) -> Tensor:
        return self.pe(v)

    def forward(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        t = self.qkv(x).flatten(2).transpose(1, 2).reshape(B * self.area, -1, 3 * C)
        t = t.view(B * self.area, -1, self.num_heads, 3 * self.head_dim).permute(0, 2, 3, 1)
        q, k, v = t.chunk(3, 2)
        y = v @ self.weights(q, k).transpose(-2, -1)
        y, v = (u.permute(0, 3, 1, 2).reshape(B, H, W, C).permute(0, 3, 1, 2) for u in (y, v))
        return self.proj(y + self.near(x, v))


class Whole(nn.Module):
    """One area, keys of half the width, a small convolution."""

    def __init__(self, dim: int, num_heads: int, attn_ratio: float = 0.5) -> None:
        super().__init__()
        self.num_heads, self.head_dim = num_heads, dim // num_heads
        self.key_dim = int(self.head_dim * attn_ratio)
        self.scale = self.key_dim**-0.5
        self.qkv = Conv(dim, dim + 2 * self.key_dim * num_heads)
        self.proj, self.pe = Conv(dim, dim), Conv(dim, dim, 3, dim)

    def forward(self, x: Tensor) -> Tensor:
        t = self.qkv(x).flatten(2).unflatten(1, (self.num_heads, -1))
        q, k, v = t.split([self.key_dim, self.key_dim, self.head_dim], dim=2)
        a = (q.mT @ k * self.scale).softmax(-1)
        return self.proj((v @ a.mT).reshape(x.shape) + self.pe(v.reshape(x.shape)))


class OverQueries(Areas):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return ((q.transpose(-2, -1) @ k) * self.head_dim**-0.5).softmax(-2)


class NearTheInput(Areas):
    def near(self, x: Tensor, v: Tensor) -> Tensor:
        return self.pe(x)


class WidthOfTheModel(Areas):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return ((q.transpose(-2, -1) @ k) * (self.head_dim * self.num_heads) ** -0.5).softmax(-1)


STYLES = ["Areas", "Whole"]
FAULTS = {
    "OverQueries": "equivalence",
    "NearTheInput": "equivalence",
    "WidthOfTheModel": "equivalence",
}
