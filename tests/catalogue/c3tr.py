"""C3TR: a C3 whose chain is a transformer without norms."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.area import Conv, normed
from tests.catalogue.causal import row

SPEC = "c3tr"
VALUES = [
    {"C": 3, "C2": 8, "heads": 2},
    {"C": 4, "C2": 4, "heads": 1, "repeats": 2, "activation": "leaky"},
]
CALL = {"c1": 16, "c2": 16, "inputs": ("2x16x4x3",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 2, 3, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    def block(conv, bn, t: Tensor) -> Tensor:
        u = normed(bn, conv.weight @ t)
        return u * u.sigmoid() if v.activation == "silu" else torch.where(u > 0, u, 0.1 * u)

    def attended(name: str, t: list[Tensor], n: int) -> Tensor:
        def of(first: str, second: str, u: Tensor, own: slice) -> Tensor:
            return row(getattr(p, f"{name}_{second}"), row(getattr(p, f"{name}_{first}"), u))[own]

        d, parts = v.C2 // 2 // v.heads, []
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            q = of("q", "query", t[n], own)
            e = [(q @ of("k", "key", u, own) / d**0.5).exp() for u in t]
            mix = zip(e, t, strict=True)
            parts.append(sum(w * of("v", "value", u, own) for w, u in mix) / sum(e))
        return row(getattr(p, f"{name}_output"), torch.cat(parts))

    ys = []
    for one in x.flatten(2):
        t = list(block(p.cv1, p.bn1, one).T)
        t = [u + row(p.place, u) for u in t]
        for i in range(v.repeats):
            r = [u + attended(f"m{i}", t, n) for n, u in enumerate(t)]
            t = [u + row(getattr(p, f"m{i}_fc2"), row(getattr(p, f"m{i}_fc1"), u)) for u in r]
        ys.append(block(p.cv3, p.bn3, torch.cat((torch.stack(t, 1), block(p.cv2, p.bn2, one)))))
    return torch.stack(ys).unflatten(2, x.shape[2:])


class Layer(nn.Module):
    """torch's attention, tokens first."""

    def __init__(self, c: int, heads: int) -> None:
        super().__init__()
        self.q, self.k, self.v, self.up, self.down = (nn.Linear(c, c, bias=False) for _ in range(5))
        self.attn = nn.MultiheadAttention(c, heads)

    def forward(self, t: Tensor) -> Tensor:
        t = t + self.attn(self.q(t), self.k(t), self.v(t), need_weights=False)[0]
        return t + self.down(self.up(t))


class TokensFirst(nn.Module):
    """The transformer on (N, B, h), the halves by one convolution each."""

    depth = 1

    def __init__(self, c1: int, c2: int, heads: int = 4) -> None:
        super().__init__()
        h = c2 // 2
        self.left, self.right, self.out = Conv(c1, h), Conv(c1, h), Conv(c2, c2)
        self.place = nn.Linear(h, h)
        self.layers = nn.Sequential(*(Layer(h, heads) for _ in range(self.depth)))

    def flat(self, x: Tensor) -> Tensor:
        return x.flatten(2).permute(2, 0, 1)

    def folded(self, t: Tensor, like: Tensor) -> Tensor:
        return t.permute(1, 2, 0).reshape(like.shape)

    def forward(self, x: Tensor) -> Tensor:
        a = F.silu(self.left(x))
        t = self.flat(a)
        m = self.folded(self.layers(t + self.place(t)), a)
        return F.silu(self.out(torch.cat([m, F.silu(self.right(x))], dim=1)))


class TwoLayers(TokensFirst):
    """Two layers."""

    depth = 2


class PixelsAsBatch(TokensFirst):
    def flat(self, x: Tensor) -> Tensor:
        return x.flatten(2).permute(0, 2, 1)

    def folded(self, t: Tensor, like: Tensor) -> Tensor:
        return t.permute(0, 2, 1).reshape(like.shape)


class NotPermuted(TokensFirst):
    def folded(self, t: Tensor, like: Tensor) -> Tensor:
        return t.transpose(0, 1).reshape(like.shape)


class PlaceAlone(TokensFirst):
    def forward(self, x: Tensor) -> Tensor:
        a = F.silu(self.left(x))
        m = self.folded(self.layers(self.place(self.flat(a))), a)
        return F.silu(self.out(torch.cat([m, F.silu(self.right(x))], dim=1)))


STYLES = ["TokensFirst", "TwoLayers"]
FAULTS = {
    "PixelsAsBatch": "batch-independence",
    "NotPermuted": "pixel-equivariance",
    "PlaceAlone": "equivalence",
}
