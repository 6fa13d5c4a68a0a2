"""Flamingo's resampler: learned queries that see the tokens and each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.catalogue.aifi import normed
from tests.catalogue.causal import row

SPEC = "resampler"
VALUES = [
    {"C": 4, "L": 2, "heads": 2, "head_dim": 3, "F": 5},
    {"C": 3, "L": 3, "heads": 1, "head_dim": 2, "F": 2, "repeats": 2, "activation": "squared"},
]
CALL = {"dim": 12, "num_latents": 5, "inputs": ("2x7x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    mask = torch.tensor([[False, True, False, False], [False, False, True, True]])
    return torch.randn(2, 4, v.C, dtype=torch.float64), mask


def layer(p, v, name: str, r: list[Tensor], tokens: Tensor) -> list[Tensor]:
    """One layer for one sample's queries, with the tokens that are shown."""

    def own(part: str):
        return getattr(p, f"{name}_{part}")

    d, made = v.head_dim, []
    n = [normed(own("norm_queries"), u) for u in r]
    keys = [normed(own("norm_tokens"), u) for u in tokens] + n
    for old, new in zip(r, n, strict=True):
        parts = []
        for h in range(v.heads):
            mine = slice(h * d, (h + 1) * d)
            q = row(own("query"), new)[mine]
            e = [(q @ row(own("key"), u)[mine] / d**0.5).exp() for u in keys]
            mix = zip(e, keys, strict=True)
            parts.append(sum(w * row(own("value"), u)[mine] for w, u in mix) / sum(e))
        u = old + row(own("output"), torch.cat(parts))
        f = row(own("up"), normed(own("norm"), u))
        g = f.clamp(min=0) ** 2 if v.activation == "squared" else nn.functional.gelu(f)
        made.append(u + row(own("down"), g))
    return made


def equation(p, v, x: Tensor, mask: Tensor) -> Tensor:
    y = torch.zeros(2, v.L, v.C, dtype=x.dtype)
    for b in range(2):
        r = list(p.latents)
        for i in range(v.repeats):
            r = layer(p, v, f"m{i}", r, x[b][~mask[b]])
        y[b] = torch.stack([normed(p.last, u) for u in r])
    return y


class Attention(nn.Module):
    """Keys and values of one matrix, logits less their largest."""

    def __init__(self, dim: int, heads: int, dim_head: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, dim_head**-0.5
        self.norm_media, self.norm_latents = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, heads * dim_head, bias=False)
        self.to_kv = nn.Linear(dim, 2 * heads * dim_head, bias=False)
        self.to_out = nn.Linear(heads * dim_head, dim, bias=False)

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def seen(self, t: Tensor, n: Tensor) -> Tensor:
        return torch.cat((t, n), dim=-2)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        s = torch.einsum("bhid,bhjd->bhij", q * self.scale, k)
        return (s - s.amax(-1, keepdim=True).detach()).softmax(-1)

    def forward(self, x: Tensor, latents: Tensor) -> Tensor:
        x, n = self.norm_media(x), self.norm_latents(latents)
        q, (k, v) = self.to_q(n), self.to_kv(self.seen(x, n)).chunk(2, dim=-1)
        y = self.weights(self.cut(q), self.cut(k)) @ self.cut(v)
        return self.to_out(y.transpose(1, 2).flatten(2))


class Stacked(nn.Module):
    """Layers as pairs in a list."""

    depth = 1

    def __init__(self, dim: int, num_latents: int, heads: int = 2, dim_head: int = 6) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(num_latents, dim))
        self.layers = nn.ModuleList(
            nn.ModuleList([Attention(dim, heads, dim_head), self.thinks(dim)])
            for _ in range(self.depth)
        )
        self.norm = nn.LayerNorm(dim)

    def thinks(self, dim: int) -> nn.Module:
        up, down = nn.Linear(dim, 4 * dim, bias=False), nn.Linear(4 * dim, dim, bias=False)
        return nn.Sequential(nn.LayerNorm(dim), up, nn.GELU(), down)

    def forward(self, x: Tensor) -> Tensor:
        r = self.latents.repeat(len(x), 1, 1)
        for attend, think in self.layers:
            r = attend(x, r) + r
            r = think(r) + r
        return self.norm(r)


class Twice(Stacked):
    """Two layers."""

    depth = 2


class OverQueries(Stacked):
    def __init__(self, dim: int, num_latents: int) -> None:
        super().__init__(dim, num_latents)
        self.layers[0][0].weights = lambda q, k: (q @ k.mT * q.shape[-1] ** -0.5).softmax(-2)


class NoScale(Stacked):
    def __init__(self, dim: int, num_latents: int) -> None:
        super().__init__(dim, num_latents)
        self.layers[0][0].scale = 1.0


class NormForgotten(Stacked):
    def forward(self, x: Tensor) -> Tensor:
        r = self.latents.repeat(len(x), 1, 1)
        for attend, think in self.layers:
            r = attend(x, r) + r
            r = think(r) + r
        return r


STYLES = ["Stacked", "Twice"]
FAULTS = {"OverQueries": "equivalence", "NoScale": "equivalence", "NormForgotten": "unused"}
