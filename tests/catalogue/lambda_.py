"""Lambda layer: keys normalised over positions, positions by offset."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "lambda"
VALUES = [
    {"C": 4, "heads": 2, "k": 3, "u": 1, "r": 3, "H": 3, "W": 4},
    {"C": 4, "heads": 1, "k": 2, "u": 2, "position": "global", "norm": False, "H": 2, "W": 3},
    {"C": 4, "heads": 2, "k": 2, "u": 2, "position": "none", "H": 2, "W": 3},
    {"C": 4, "heads": 2, "k": 2, "u": 1, "position": "pairs", "H": 2, "W": 3},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, v.H, v.W, dtype=torch.float64),)


def _normed(norm, t: Tensor) -> Tensor:
    if norm is None:
        return t
    scale = norm.weight / (norm.running_var + norm.eps) ** 0.5
    return (t - norm.running_mean) * scale + norm.bias


def _embedding(p, v, a: int, b: int, i: int, j: int) -> Tensor:
    """What lies at (i, j) seen from (a, b): (k, u)."""
    if v.position == "global":
        return p.table[i - a + v.H - 1, j - b + v.W - 1]
    if v.position == "pairs":
        return p.pairs[a * v.W + b, i * v.W + j]
    half = v.r // 2
    if v.position == "none" or abs(i - a) > half or abs(j - b) > half:
        return torch.zeros(v.k, v.u, dtype=torch.float64)
    return p.near.weight[:, :, i - a + half, j - b + half]


def equation(p, v, x: Tensor) -> Tensor:
    places = [(i, j) for i in range(v.H) for j in range(v.W)]
    depth = v.C // v.heads
    keys = [p.key(x[0, :, i, j]).reshape(v.u, v.k) for i, j in places]
    values = [_normed(p.value_norm, p.value(x[0, :, i, j])).reshape(v.u, depth) for i, j in places]
    weights = torch.stack(keys).softmax(0)
    content = sum(weights[m].T @ values[m] for m in range(len(places)))
    y = torch.zeros_like(x)
    for a, b in places:
        matrix = content
        for m, (i, j) in enumerate(places):
            matrix = matrix + _embedding(p, v, a, b, i, j) @ values[m]
        if v.position == "local":
            matrix = matrix + p.near.bias[:, None]
        q = _normed(p.query_norm, p.query(x[0, :, a, b])).reshape(v.heads, v.k)
        y[0, :, a, b] = (q @ matrix).reshape(-1)
    return y


class LocalContext(nn.Module):
    """A 3-D convolution over (values, rows, columns)."""

    def __init__(self, dim: int, dim_k: int, r: int, heads: int, dim_u: int = 1) -> None:
        super().__init__()
        self.heads, self.u = heads, dim_u
        self.to_q = nn.Conv2d(dim, dim_k * heads, 1, bias=False)
        self.to_k = nn.Conv2d(dim, dim_k * dim_u, 1, bias=False)
        self.to_v = nn.Conv2d(dim, dim // heads * dim_u, 1, bias=False)
        self.norm_q = nn.BatchNorm2d(dim_k * heads)
        self.norm_v = nn.BatchNorm2d(dim // heads * dim_u)
        self.pos_conv = nn.Conv3d(dim_u, dim_k, (1, r, r), padding=(0, r // 2, r // 2))

    def normalised(self, k: Tensor) -> Tensor:
        return k.softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        q = self.norm_q(self.to_q(x)).reshape(B, self.heads, -1, H * W)
        k = self.normalised(self.to_k(x).reshape(B, self.u, -1, H * W))
        v = self.norm_v(self.to_v(x)).reshape(B, self.u, -1, H * W)
        content = torch.einsum("bukm,buvm->bkv", k, v)
        place = self.pos_conv(v.unflatten(-1, (H, W))).flatten(3)
        y = torch.einsum("bhkn,bkv->bhvn", q, content)
        return (y + torch.einsum("bhkn,bkvn->bhvn", q, place)).reshape(B, C, H, W)


class OverDepth(LocalContext):
    def normalised(self, k: Tensor) -> Tensor:
        return k.softmax(-2)


class WholeMap(nn.Module):
    """A table of all offsets of a map in one axis, query less key, by an index kept in a buffer."""

    def __init__(self, dim: int, fmap_size: tuple[int, int], dim_k: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Conv2d(dim, dim_k * heads, 1, bias=False)
        self.to_k = nn.Conv2d(dim, dim_k, 1, bias=False)
        self.to_v = nn.Conv2d(dim, dim // heads, 1, bias=False)
        self.norm_q = nn.BatchNorm2d(dim_k * heads)
        self.norm_v = nn.BatchNorm2d(dim // heads)
        h, w = fmap_size
        self.table = nn.Parameter(torch.randn((2 * h - 1) * (2 * w - 1), dim_k))
        rows, columns = torch.arange(h).repeat_interleave(w), torch.arange(w).repeat(h)
        down, right = rows[:, None] - rows + h - 1, columns[:, None] - columns + w - 1
        self.register_buffer("index", self.numbered(down, right, h, w))

    def numbered(self, down: Tensor, right: Tensor, h: int, w: int) -> Tensor:
        return down * (2 * w - 1) + right

    def forward(self, x: Tensor) -> Tensor:
        B, _, H, W = x.shape
        q = self.norm_q(self.to_q(x)).reshape(B, self.heads, -1, H * W)
        k, v = self.to_k(x).flatten(2).softmax(-1), self.norm_v(self.to_v(x)).flatten(2)
        matrix = torch.einsum("bkm,bvm->bkv", k, v)[:, None]
        matrix = matrix + torch.einsum("nmk,bvm->bnkv", self.table[self.index], v)
        return torch.einsum("bhkn,bnkv->bhvn", q, matrix).reshape(B, -1, H, W)


class SidesAlike(WholeMap):
    """Rows and columns of an offset are added: different offsets share an embedding."""

    def numbered(self, down: Tensor, right: Tensor, h: int, w: int) -> Tensor:
        return down + right


class ByPlace(nn.Module):
    """Position embeddings of the query's place alone."""

    def __init__(self, dim: int, fmap_size: tuple[int, int], dim_k: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Conv2d(dim, dim_k * heads, 1, bias=False)
        self.to_k = nn.Conv2d(dim, dim_k, 1, bias=False)
        self.to_v = nn.Conv2d(dim, dim // heads, 1, bias=False)
        N = fmap_size[0] * fmap_size[1]
        self.table = nn.Parameter(torch.randn(N, dim_k))

    def forward(self, x: Tensor) -> Tensor:
        B, _, H, W = x.shape
        q = self.to_q(x).reshape(B, self.heads, -1, H * W)
        k, v = self.to_k(x).flatten(2).softmax(-1), self.to_v(x).flatten(2)
        matrix = torch.einsum("bkm,bvm->bkv", k, v)[:, None]
        matrix = matrix + torch.einsum("nk,bv->bnkv", self.table, v.sum(-1))
        return torch.einsum("bhkn,bnkv->bhvn", q, matrix).reshape(B, -1, H, W)


STYLES = ["LocalContext", "WholeMap"]
FAULTS = {
    "OverDepth": "weights",
    "SidesAlike": "equivalence",
    "ByPlace": "translation-equivariance",
}
