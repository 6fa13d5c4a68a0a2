"""C2PSA and YOLOv10's PSA: half of the channels attend."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.area import Conv, Whole, normed

SPEC = "c2psa"
VALUES = [{"C": 8, "heads": 1}, {"C": 8, "heads": 2, "repeats": 2}]
CALL = {"c1": 16, "num_heads": 2, "inputs": ("2x16x4x3",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 2, dtype=torch.float64),)


def attended(p, name: str, v, b: Tensor) -> Tensor:
    """What one block's attention gives to half a map, (h, H, W), pair after pair."""

    def layer(part: str, t: Tensor) -> Tensor:
        return normed(getattr(p, f"{name}_{part}_bn"), getattr(p, f"{name}_{part}").weight @ t)

    (h, H, W), d = b.shape, b.shape[0] // v.heads
    t, kernel = layer("qkv", b.flatten(1)), getattr(p, f"{name}_near").weight
    out, values = torch.zeros(h, H * W, dtype=b.dtype), torch.zeros(h, H * W, dtype=b.dtype)
    for i in range(v.heads):
        q, k, u = t[2 * d * i : 2 * d * (i + 1)].split([d // 2, d // 2, d])
        values[d * i : d * (i + 1)] = u
        for n in range(H * W):
            e = [(q[:, n] @ k[:, m] / (d // 2) ** 0.5).exp() for m in range(H * W)]
            mix = sum(w * u[:, m] for m, w in enumerate(e)) / sum(e)
            out[d * i : d * (i + 1), n] = mix
    grid, near = values.reshape(h, H, W), torch.zeros(h, H, W, dtype=b.dtype)
    for i, j, r, s in [
        (i, j, r, s) for i in range(H) for j in range(W) for r in (0, 1, 2) for s in (0, 1, 2)
    ]:
        if 0 <= i + r - 1 < H and 0 <= j + s - 1 < W:
            near[:, i, j] += kernel[:, 0, r, s] * grid[:, i + r - 1, j + s - 1]
    z = out + normed(getattr(p, f"{name}_near_bn"), near).flatten(1)
    u = b.flatten(1) + layer("output", z)
    f = layer("up", u)
    return (u + layer("down", f * f.sigmoid())).reshape(b.shape)


def equation(p, v, x: Tensor) -> Tensor:
    def block(conv, bn, t: Tensor) -> Tensor:
        u = normed(bn, conv.weight @ t)
        return u * u.sigmoid()

    ys = []
    for one in x:
        a, b = block(p.cv1, p.bn1, one.flatten(1)).reshape(one.shape).split(v.C // 2)
        for i in range(v.repeats):
            b = attended(p, f"m{i}", v, b)
        ys.append(block(p.cv2, p.bn2, torch.cat((a, b)).flatten(1)).reshape(one.shape))
    return torch.stack(ys)


class Half(nn.Module):
    """One block, as YOLOv10 has it."""

    def __init__(self, c1: int, num_heads: int) -> None:
        super().__init__()
        h = c1 // 2
        self.cv1, self.cv2, self.attn = Conv(c1, c1), Conv(c1, c1), Whole(h, num_heads)
        self.ffn = nn.Sequential(Conv(h, 2 * h), nn.SiLU(), Conv(2 * h, h))

    def block(self, b: Tensor) -> Tensor:
        b = b + self.attn(b)
        return b + self.ffn(b)

    def joined(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.cat((a, self.block(b)), 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.cv2(self.joined(*F.silu(self.cv1(x)).chunk(2, 1))))


class Block(nn.Module):
    """Heads of queries, keys and values by torch's own attention."""

    def __init__(self, h: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads, self.d = num_heads, h // num_heads
        self.qkv, self.pe, self.proj = Conv(h, 2 * h), Conv(h, h, 3, h), Conv(h, h)
        self.up, self.down = Conv(h, 2 * h), Conv(2 * h, h)

    def forward(self, b: Tensor) -> Tensor:
        t = self.qkv(b).flatten(2).unflatten(1, (self.num_heads, -1)).mT
        q, k, v = t.split([self.d // 2, self.d // 2, self.d], -1)
        y = F.scaled_dot_product_attention(q, k, v)
        y, v = (u.mT.reshape(b.shape) for u in (y, v))
        u = self.proj(y + self.pe(v)) + b
        return self.down(F.silu(self.up(u))) + u


class Twice(nn.Module):
    """Two blocks in a chain."""

    def __init__(self, c1: int, num_heads: int) -> None:
        super().__init__()
        self.enter, self.leave = Conv(c1, c1), Conv(c1, c1)
        self.chain = nn.Sequential(Block(c1 // 2, num_heads), Block(c1 // 2, num_heads))

    def forward(self, x: Tensor) -> Tensor:
        t = F.silu(self.enter(x))
        h = t.shape[1] // 2
        return F.silu(self.leave(torch.cat([t[:, :h], self.chain(t[:, h:])], 1)))


class NothingKept(Half):
    def joined(self, a: Tensor, b: Tensor) -> Tensor:
        b = self.block(b)
        return torch.cat((b, b), 1)


class NoResidual(Half):
    def block(self, b: Tensor) -> Tensor:
        b = self.attn(b)
        return b + self.ffn(b)


class WidthOfValues(Half):
    def __init__(self, c1: int, num_heads: int) -> None:
        super().__init__(c1, num_heads)
        self.attn.scale = self.attn.head_dim**-0.5


STYLES = ["Half", "Twice"]
FAULTS = {"NothingKept": "unused", "NoResidual": "equivalence", "WidthOfValues": "equivalence"}
