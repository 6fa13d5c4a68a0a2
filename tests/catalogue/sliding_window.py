"""Sliding-window attention: a token sees its neighbours."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import attended

SPEC = "sliding-window"
VALUES = [
    {"C": 4, "heads": 2, "kv_heads": 2, "head_dim": 2, "window": 3},
    {"C": 3, "heads": 1, "kv_heads": 1, "head_dim": 2, "window": 3, "side": "half"},
    {"C": 3, "heads": 1, "kv_heads": 1, "head_dim": 2, "window": 2, "side": "each", "bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 6, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    w = v.window
    sees = {
        "before": lambda i, j: i - w < j <= i,
        "half": lambda i, j: i - w // 2 <= j <= i + w // 2,
        "each": lambda i, j: i - w <= j <= i + w,
    }
    return attended(p, v, x, sees[v.side])


class Banded(nn.Module):
    """Fused attention under a band; ``window`` tokens, the token itself the last."""

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def band(self, n: int) -> Tensor:
        ones = torch.ones(n, n, dtype=torch.bool)
        return ones.tril() & ones.triu(1 - self.window)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = self.band(x.shape[1]).to(x.device)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.out(a.transpose(1, 2).flatten(2))


class Around(Banded):
    """As many tokens on each side as ``window`` says."""

    def band(self, n: int) -> Tensor:
        ones = torch.ones(n, n, dtype=torch.bool)
        return ones.tril(self.window) & ones.triu(-self.window)


class OneTooMany(Banded):
    def band(self, n: int) -> Tensor:
        ones = torch.ones(n, n, dtype=torch.bool)
        return ones.tril() & ones.triu(-self.window)


class SeesAhead(Banded):
    def band(self, n: int) -> Tensor:
        return torch.ones(n, n, dtype=torch.bool).triu(1 - self.window)


STYLES = ["Banded", "Around"]
FAULTS = {"OneTooMany": "reach", "SeesAhead": "reach"}
