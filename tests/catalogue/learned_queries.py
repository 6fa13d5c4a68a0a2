"""Cross-attention of learned queries: any number of tokens in a fixed number of vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.catalogue.aifi import normed
from tests.catalogue.causal import row

SPEC = "learned-queries"
VALUES = [
    {"C": 3, "E": 4, "L": 2, "heads": 2, "head_dim": 2},
    {"C": 4, "E": 4, "L": 3, "heads": 1, "head_dim": 3, "normed": True},
    {"C": 4, "E": 2, "L": 1, "heads": 2, "head_dim": 1, "residual": True, "bias": False},
]
CALL = {"dim": 12, "num_queries": 5, "inputs": ("2x7x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    mask = torch.tensor([[False, True, False, False], [False, False, True, True]])
    return torch.randn(2, 4, v.C, dtype=torch.float64), mask


def equation(p, v, x: Tensor, mask: Tensor) -> Tensor:
    d, y = v.head_dim, torch.zeros(2, v.L, v.E, dtype=x.dtype)
    for b in range(2):
        queries = [normed(p.norm_queries, u) if v.normed else u for u in p.latents]
        keys = [normed(p.norm_tokens, u) if v.normed else u for u in x[b][~mask[b]]]
        for i in range(v.L):
            parts = []
            for h in range(v.heads):
                own = slice(h * d, (h + 1) * d)
                q = row(p.query, queries[i])[own]
                e = [(q @ row(p.key, u)[own] / d**0.5).exp() for u in keys]
                mix = zip(e, keys, strict=True)
                parts.append(sum(w * row(p.value, u)[own] for w, u in mix) / sum(e))
            out = row(p.output, torch.cat(parts))
            y[b, i] = p.latents[i] + out if v.residual else out
    return y


class ByTorch(nn.Module):
    """torch's attention, queries with an axis for the batch."""

    def __init__(self, dim: int, num_queries: int, num_heads: int = 3) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, num_queries, dim))
        self.attn = nn.MultiheadAttention(dim, num_heads, batch_first=True)

    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        q = self.query.repeat(x.shape[0], 1, 1)
        return self.attn(q, x, x, key_padding_mask=key_padding_mask, need_weights=False)[0]


class Added(nn.Module):
    """Perceiver's: both normalised, the queries added, keys and values of one matrix, no bias."""

    def __init__(self, dim: int, num_queries: int, heads: int = 2, dim_head: int = 6) -> None:
        super().__init__()
        self.heads, self.scale = heads, dim_head**-0.5
        self.latents = nn.Parameter(torch.randn(num_queries, dim))
        self.norm_media, self.norm_latents = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, heads * dim_head, bias=False)
        self.to_kv = nn.Linear(dim, 2 * heads * dim_head, bias=False)
        self.to_out = nn.Linear(heads * dim_head, dim, bias=False)

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        s = torch.einsum("bhid,bhjd->bhij", q * self.scale, k)
        return (s - s.amax(-1, keepdim=True).detach()).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        own = self.latents[None].expand(len(x), -1, -1)
        n = self.norm_latents(own)
        k, v = self.to_kv(self.norm_media(x)).chunk(2, dim=-1)
        y = self.weights(self.cut(self.to_q(n)), self.cut(k)) @ self.cut(v)
        return own + self.to_out(y.transpose(1, 2).flatten(2))


class OverQueries(Added):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.einsum("bhid,bhjd->bhij", q * self.scale, k).softmax(-2)


class NoScale(Added):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.mT).softmax(-1)


class Gated(Added):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.mT * self.scale).sigmoid()


STYLES = ["ByTorch", "Added"]
FAULTS = {"OverQueries": "weights", "NoScale": "equivalence", "Gated": "repetition"}
