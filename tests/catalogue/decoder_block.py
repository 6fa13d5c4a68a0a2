"""A decoder's block: self-attention, attention to a memory, a layer per token."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.aifi import normed
from tests.catalogue.causal import row

SPEC = "decoder-block"
VALUES = [
    {"C": 4, "D": 3, "F": 5, "heads": 2, "causal": True},
    {"C": 4, "D": 4, "F": 3, "heads": 1, "norm_first": True, "activation": "gelu", "bias": False},
]
CALL = {"dim": 12, "inputs": ("2x5x12", "2x7x12")}


def inputs(v) -> tuple[Tensor, ...]:
    x = torch.randn(2, 4, v.C, dtype=torch.float64)
    mask = torch.tensor([[False, True, False], [False, False, True]])
    return x, torch.randn(2, 3, v.D, dtype=torch.float64), mask


def attended(p, v, name: str, query: Tensor, keys: list[Tensor]) -> Tensor:
    """What one query gets from these keys, all heads one after another."""
    d, parts = v.C // v.heads, []
    q_of, k_of, v_of, out_of = (getattr(p, name + n) for n in ("query", "key", "value", "output"))
    for h in range(v.heads):
        own = slice(h * d, (h + 1) * d)
        q = row(q_of, query)[own]
        e = [(q @ row(k_of, u)[own] / d**0.5).exp() for u in keys]
        parts.append(sum(w * row(v_of, u)[own] for w, u in zip(e, keys, strict=True)) / sum(e))
    return row(out_of, torch.cat(parts))


def equation(p, v, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
    act = torch.relu if v.activation == "relu" else F.gelu
    first = getattr(v, "norm_first", False)
    y = torch.zeros_like(x)
    for b in range(2):
        t = [normed(p.norm1, u) if first else u for u in x[b]]
        shown = list(memory[b][~mask[b]])
        for n, own in enumerate(x[b]):
            seen = t[: n + 1] if getattr(v, "causal", False) else t
            a = own + attended(p, v, "", t[n], seen)
            if first:
                c = a + attended(p, v, "cross_", normed(p.norm2, a), shown)
                y[b, n] = c + row(p.down, act(row(p.up, normed(p.norm3, c))))
            else:
                a = normed(p.norm1, a)
                c = normed(p.norm2, a + attended(p, v, "cross_", a, shown))
                y[b, n] = normed(p.norm3, c + row(p.down, act(row(p.up, c))))
    return y


class Heads(nn.Module):
    """Attention by torch's own function, four matrices."""

    def __init__(self, dim: int, heads: int = 3) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(dim, dim) for _ in range(4))

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, y: Tensor, causal: bool = False) -> Tensor:
        q, k, v = self.cut(self.q_proj(x)), self.cut(self.k_proj(y)), self.cut(self.v_proj(y))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.o_proj(a.transpose(1, 2).flatten(2))


class Causal(nn.Module):
    """Norms after, later tokens hidden by the block itself."""

    causal = True

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.self_attn, self.cross_attn = Heads(dim), Heads(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))

    def read(self, a: Tensor, memory: Tensor) -> Tensor:
        return self.cross_attn(a, memory)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        a = self.norms[0](x + self.self_attn(x, x, self.causal))
        b = self.norms[1](a + self.read(a, memory))
        return self.norms[2](b + self.ffn(b))


class NormsFirst(nn.Module):
    """Norms first, torch's own attention, a mask of the memory's padding."""

    def __init__(self, dim: int, heads: int = 3) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.cross = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.ln1, self.ln2, self.ln3 = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)

    def read(self, x: Tensor, context: Tensor, hidden: Tensor | None) -> Tensor:
        return self.cross(self.ln2(x), context, context, key_padding_mask=hidden)[0]

    def forward(self, x: Tensor, context: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        n = self.ln1(x)
        x = x + self.attn(n, n, n, need_weights=False)[0]
        x = x + self.read(x, context, key_padding_mask)
        return x + self.down(F.gelu(self.up(self.ln3(x))))


class InputAgain(Causal):
    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        a = self.norms[0](x + self.self_attn(x, x, self.causal))
        b = self.norms[1](x + self.read(a, memory))
        return self.norms[2](b + self.ffn(b))


class MaskForgotten(NormsFirst):
    def read(self, x: Tensor, context: Tensor, hidden: Tensor | None) -> Tensor:
        return super().read(x, context, None)


class NormSumMissing(Causal):
    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        a = self.norms[0](x + self.self_attn(x, x, self.causal))
        b = self.norms[1](a + self.read(a, memory))
        return self.norms[2](b) + self.ffn(b)


STYLES = ["Causal", "NormsFirst"]
FAULTS = {
    "InputAgain": "equivalence",
    "MaskForgotten": "masks",
    "NormSumMissing": "equivalence",
}
