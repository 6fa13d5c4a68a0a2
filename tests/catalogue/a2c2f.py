"""A2C2f: what each stage of area attention leaves, joined."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.area import Areas, Conv, normed

SPEC = "a2c2f"
VALUES = [
    {"C": 4, "C2": 5, "h": 4, "heads": 2, "A": 2, "F": 3, "k": 3},
    {"C": 4, "C2": 4, "h": 2, "heads": 1, "F": 3, "repeats": 2, "residual": True, "k": 3},
]
CALL = {"c1": 16, "c2": 16, "inputs": ("2x16x4x6",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 2, 3, dtype=torch.float64),)


def block(p, name: str, v, b: Tensor) -> Tensor:
    """One block of area attention on one map, (h, H, W), pair after pair."""

    def layer(part: str, t: Tensor) -> Tensor:
        return normed(getattr(p, f"{name}_{part}_bn"), getattr(p, f"{name}_{part}").weight @ t)

    (h, H, W), d = b.shape, b.shape[0] // v.heads
    t, kernel, size = layer("qkv", b.flatten(1)), getattr(p, f"{name}_near").weight, H * W // v.A
    out, values = torch.zeros(h, H * W, dtype=b.dtype), torch.zeros(h, H * W, dtype=b.dtype)
    for i in range(v.heads):
        q, k, u = t[3 * d * i : 3 * d * (i + 1)].split(d)
        values[d * i : d * (i + 1)] = u
        for n in range(H * W):
            band = [m for m in range(H * W) if m // size == n // size]
            e = [(q[:, n] @ k[:, m] / d**0.5).exp() for m in band]
            mix = sum(w * u[:, m] for m, w in zip(band, e, strict=True)) / sum(e)
            out[d * i : d * (i + 1), n] = mix
    near, r = torch.zeros(h, H, W, dtype=b.dtype), range(v.k)
    for i, j, a, c in [(i, j, a, c) for i in range(H) for j in range(W) for a in r for c in r]:
        m, n = i + a - v.k // 2, j + c - v.k // 2
        if 0 <= m < H and 0 <= n < W:
            near[:, i, j] += kernel[:, 0, a, c] * values[:, m * W + n]
    z = out + normed(getattr(p, f"{name}_near_bn"), near).flatten(1)
    u = b.flatten(1) + layer("output", z)
    f = layer("up", u)
    return (u + layer("down", f * f.sigmoid())).reshape(b.shape)


def equation(p, v, x: Tensor) -> Tensor:
    def mixed(conv, bn, t: Tensor) -> Tensor:
        u = normed(bn, conv.weight @ t.flatten(1))
        return (u * u.sigmoid()).unflatten(1, t.shape[1:])

    ys = []
    for one in x:
        parts = [mixed(p.cv1, p.bn1, one)]
        for i in range(v.repeats):
            once = block(p, f"m{2 * i}", v, parts[-1])
            parts.append(block(p, f"m{2 * i + 1}", v, once))
        y = mixed(p.cv2, p.bn2, torch.cat(parts))
        ys.append(one + p.gamma[:, None, None] * y if v.residual else y)
    return torch.stack(ys)


class Block(nn.Module):
    """Attention, then two layers."""

    def __init__(self, dim: int, num_heads: int, area: int) -> None:
        super().__init__()
        self.attn = Areas(dim, num_heads, area)
        self.mlp = nn.Sequential(Conv(dim, 2 * dim), nn.SiLU(), Conv(2 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = self.attn(x) + x
        return self.mlp(x) + x


class OneStage(nn.Module):
    """Two blocks, no residual."""

    def __init__(self, c1: int, c2: int, num_heads: int = 2, area: int = 2) -> None:
        super().__init__()
        h = c2 // 2
        self.cv1, self.cv2 = Conv(c1, h), Conv(2 * h, c2)
        self.m = nn.Sequential(Block(h, num_heads, area), Block(h, num_heads, area))

    def joined(self, b: Tensor) -> Tensor:
        return torch.cat((b, self.m(b)), 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.cv2(self.joined(F.silu(self.cv1(x)))))


class TwoStages(nn.Module):
    """Four blocks in one list, and a gamma of one axis."""

    def __init__(self, c1: int, c2: int, num_heads: int = 2) -> None:
        super().__init__()
        h = c2 // 2
        self.enter, self.leave = Conv(c1, h), Conv(3 * h, c2)
        self.blocks = nn.ModuleList(Block(h, num_heads, 1) for _ in range(4))
        self.gamma = nn.Parameter(torch.full((c2,), 0.01))

    def scaled(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.addcmul(x, y, self.gamma[None, :, None, None])

    def forward(self, x: Tensor) -> Tensor:
        t = F.silu(self.enter(x))
        left = [t]
        for number, block in enumerate(self.blocks, 1):
            t = block(t)
            left += [t] if number % 2 == 0 else []
        return self.scaled(x, F.silu(self.leave(torch.cat(left, dim=1))))


class FromTheStart(OneStage):
    def joined(self, b: Tensor) -> Tensor:
        return torch.cat((b, self.m[1](b) + 0 * self.m[0](b)), 1)


class InputDropped(TwoStages):
    def scaled(self, x: Tensor, y: Tensor) -> Tensor:
        return y * self.gamma[None, :, None, None]


STYLES = ["OneStage", "TwoStages"]
FAULTS = {
    "FromTheStart": "unused",
    "InputDropped": "equivalence",
}
