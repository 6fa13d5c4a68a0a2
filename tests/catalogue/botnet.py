"""Attention of the bottleneck transformer: content and place, relative or absolute."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "botnet"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 2, "H": 3, "W": 2},
    {"C": 3, "heads": 1, "head_dim": 3, "H": 2, "W": 3, "position": "absolute"},
    {"C": 4, "heads": 2, "head_dim": 2, "H": 2, "W": 3, "position": "headwise", "scale": "content"},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, v.H, v.W, dtype=torch.float64),)


def _place(p, v, h: int, a: int, b: int, i: int, j: int) -> Tensor:
    match v.position:
        case "relative":
            return p.height[i - a + v.H - 1] + p.width[j - b + v.W - 1]
        case "absolute":
            return p.rows[i] + p.columns[j]
    return p.head_rows[h, i] + p.head_columns[h, j]


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(1, v.heads * d, v.H, v.W, dtype=x.dtype)
    places = [(i, j) for i in range(v.H) for j in range(v.W)]
    for h in range(v.heads):
        own = slice(h * d, (h + 1) * d)
        for a, b in places:
            q = p.query(x[0, :, a, b])[own]
            e = []
            for i, j in places:
                content = q @ p.key(x[0, :, i, j])[own] / d**0.5
                place = q @ _place(p, v, h, a, b, i, j)
                e.append(content + (place / d**0.5 if v.scale == "both" else place))
            weights = torch.stack(e).softmax(0)
            values = [p.value(x[0, :, i, j])[own] for i, j in places]
            y[0, own, a, b] = sum(w * u for w, u in zip(weights, values, strict=True))
    return y


class Relative(nn.Module):
    """One projection, relative logits by padding and reshaping."""

    def __init__(self, dim: int, fmap_size: tuple[int, int], heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, fmap_size
        H, W = fmap_size
        self.scale = (dim // heads) ** -0.5
        self.to_qkv = nn.Conv2d(dim, 3 * dim, 1, bias=False)
        self.rel_height = nn.Parameter(torch.randn(2 * H - 1, dim // heads) * self.scale)
        self.rel_width = nn.Parameter(torch.randn(2 * W - 1, dim // heads) * self.scale)

    @staticmethod
    def absolute(t: Tensor) -> Tensor:
        """(…, L, 2L - 1) by offset -> (…, L, L) by key."""
        *lead, size, _ = t.shape
        t = nn.functional.pad(t, (0, 1)).flatten(-2)
        t = nn.functional.pad(t, (0, size - 1)).reshape(*lead, size + 1, 2 * size - 1)
        return t[..., :size, size - 1 :]

    def places(self, q: Tensor) -> Tensor:
        H, W = self.size
        q = q.unflatten(2, (H, W))
        wide = self.absolute(q @ self.rel_width.T)[:, :, :, None].expand(-1, -1, -1, H, -1, -1)
        high = self.absolute(q.transpose(2, 3) @ self.rel_height.T)
        high = high[:, :, :, None].expand(-1, -1, -1, W, -1, -1)
        both = wide.permute(0, 1, 2, 4, 3, 5) + high.permute(0, 1, 4, 2, 5, 3)
        return both.flatten(4).flatten(2, 3)

    def weigh(self, content: Tensor, place: Tensor) -> Tensor:
        return (content + place).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.to_qkv(x).flatten(2).chunk(3, 1)
        q, k, v = (t.unflatten(1, (self.heads, -1)).transpose(2, 3) for t in parts)
        q = q * self.scale
        out = self.weigh(q @ k.transpose(2, 3), self.places(q)) @ v
        return self.merged(out, x)

    def merged(self, out: Tensor, x: Tensor) -> Tensor:
        return out.transpose(2, 3).reshape(x.shape)


class Absolute(Relative):
    """A vector per row and per column for each head."""

    def __init__(self, dim: int, fmap_size: tuple[int, int], heads: int) -> None:
        super().__init__(dim, fmap_size, heads)
        H, W = fmap_size
        self.rel_height = nn.Parameter(torch.randn(1, heads, dim // heads, H, 1))
        self.rel_width = nn.Parameter(torch.randn(1, heads, dim // heads, 1, W))

    def places(self, q: Tensor) -> Tensor:
        return q @ (self.rel_height + self.rel_width).flatten(3)


class AfterSoftmax(Absolute):
    def weigh(self, content: Tensor, place: Tensor) -> Tensor:
        return content.softmax(-1) + place


class OverQueries(Relative):
    def weigh(self, content: Tensor, place: Tensor) -> Tensor:
        return (content + place).softmax(-2)


class HeadsViewed(Absolute):
    def merged(self, out: Tensor, x: Tensor) -> Tensor:
        return out.reshape(x.shape)


STYLES = ["Relative", "Absolute"]
FAULTS = {
    "AfterSoftmax": "equivalence",
    "OverQueries": "weights",
    "HeadsViewed": "equivalence",
}
