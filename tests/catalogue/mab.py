"""The Set Transformer's block: attention and a layer, each added to what came before."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "mab"
VALUES = [
    {"C": 3, "D": 2, "E": 4, "heads": 2},
    {"C": 4, "D": 4, "E": 4, "heads": 2, "bias": False, "norms": False, "scale": "head"},
    {"C": 3, "D": 3, "E": 3, "heads": 1, "residual": "input", "out": True},
    {"C": 4, "D": 3, "E": 4, "heads": 2, "rows": "two layers", "F": 6},
]
CALL = {"dim_Q": 12, "dim_K": 8, "dim_V": 12, "num_heads": 3, "inputs": ("2x4x12", "2x5x8")}


def inputs(v) -> tuple[Tensor, ...]:
    x = torch.randn(2, 3, v.C, dtype=torch.float64)
    return x, torch.randn(2, 5, v.D, dtype=torch.float64)


def row(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def normed(ln, t: Tensor) -> Tensor:
    centred = t - t.mean()
    return centred / ((centred**2).mean() + ln.eps) ** 0.5 * ln.weight + ln.bias


def block(p, v, n: str, x: Tensor, y: Tensor, width: int) -> Tensor:
    """Return MAB(X, Y) of one sample; ``n`` ends the names of its slots."""
    query, key, value = (getattr(p, f"{s}{n}") for s in ("query", "key", "value"))

    def feed(t: Tensor) -> Tensor:
        if getattr(v, "rows", "layer") == "layer":
            return row(getattr(p, f"feed{n}"), t).clamp(min=0)
        return row(p.outer, row(p.inner, t).clamp(min=0))

    d = width // v.heads
    outs = []
    for one in x:
        q = row(query, one)
        parts = []
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            es = [q[own] @ row(key, m)[own] for m in y]
            es = [(e / (width if v.scale == "model" else d) ** 0.5).exp() for e in es]
            parts.append(sum(e * row(value, m)[own] for e, m in zip(es, y, strict=True)) / sum(es))
        c = torch.cat(parts)
        c = row(p.output, c) if getattr(v, "out", False) else c
        t = c + (one if getattr(v, "residual", "") == "input" else q)
        t = normed(getattr(p, f"norm1{n}"), t) if v.norms else t
        t = t + feed(t)
        outs.append(normed(getattr(p, f"norm2{n}"), t) if v.norms else t)
    return torch.stack(outs)


def equation(p, v, x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([block(p, v, "", *pair, v.E) for pair in zip(x, y, strict=True)])


class HeadsInTheBatch(nn.Module):
    """The authors' way: heads cut along the channels and joined along the batch."""

    def __init__(self, dim_Q: int, dim_K: int, dim_V: int, num_heads: int, ln: bool = True) -> None:
        super().__init__()
        self.dim_V, self.h = dim_V, num_heads
        self.fc_q = nn.Linear(dim_Q, dim_V)
        self.fc_k, self.fc_v = nn.Linear(dim_K, dim_V), nn.Linear(dim_K, dim_V)
        self.fc_o = nn.Linear(dim_V, dim_V)
        self.ln0, self.ln1 = (nn.LayerNorm(dim_V) if ln else nn.Identity() for _ in range(2))

    def fold(self, t: Tensor) -> Tensor:
        return torch.cat(t.split(self.dim_V // self.h, 2), 0)

    def weights(self, s: Tensor) -> Tensor:
        return torch.softmax(s / self.dim_V**0.5, 2)

    def added(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return q

    def feed(self, h: Tensor) -> Tensor:
        return h + torch.relu(self.fc_o(h))

    def forward(self, Q: Tensor, K: Tensor) -> Tensor:
        q, k, v = self.fold(self.fc_q(Q)), self.fold(self.fc_k(K)), self.fold(self.fc_v(K))
        t = self.added(q, k, v) + self.weights(q @ k.transpose(1, 2)) @ v
        h = self.ln0(torch.cat(t.split(Q.shape[0], 0), 2))
        return self.ln1(self.feed(h))


class Fused(nn.Module):
    """As the paper: the input added, a last matrix, the head's own scale; keys and values fused."""

    def __init__(self, dim_Q: int, dim_K: int, dim_V: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.to_q = nn.Linear(dim_Q, dim_V, bias=False)
        self.to_kv = nn.Linear(dim_K, 2 * dim_V, bias=False)
        self.to_out = nn.Linear(dim_V, dim_V)
        self.ff = nn.Sequential(nn.Linear(dim_V, dim_V), nn.ReLU())
        self.norm_a, self.norm_b = nn.LayerNorm(dim_V), nn.LayerNorm(dim_V)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        q, k, v = (
            t.unflatten(2, (self.num_heads, -1)).transpose(1, 2)
            for t in (self.to_q(x), *self.to_kv(y).chunk(2, 2))
        )
        a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = self.norm_a(x + self.to_out(a))
        return self.norm_b(x + self.ff(x))


class TwoLayers(Fused):
    def __init__(self, dim_Q: int, dim_K: int, dim_V: int, num_heads: int) -> None:
        super().__init__(dim_Q, dim_K, dim_V, num_heads)
        self.ff = nn.Sequential(nn.Linear(dim_V, 32), nn.ReLU(), nn.Linear(32, dim_V))


class OverTheQueries(HeadsInTheBatch):
    def weights(self, s: Tensor) -> Tensor:
        return torch.softmax(s / self.dim_V**0.5, 1)


class ValuesTwice(HeadsInTheBatch):
    def added(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return q + v.mean(1, keepdim=True)


class NoSecondSum(HeadsInTheBatch):
    def feed(self, h: Tensor) -> Tensor:
        return torch.relu(self.fc_o(h))


class NotScaled(HeadsInTheBatch):
    def weights(self, s: Tensor) -> Tensor:
        return torch.softmax(s, 2)


class SumsOfExponents(HeadsInTheBatch):
    def weights(self, s: Tensor) -> Tensor:
        return (s / self.dim_V**0.5).exp()


STYLES = ["HeadsInTheBatch", "Fused", "TwoLayers"]
FAULTS = {
    "OverTheQueries": "reach of the queries",
    "ValuesTwice": "equivalence",
    "NoSecondSum": "equivalence",
    "NotScaled": "equivalence",
    "SumsOfExponents": "repetition",
}
