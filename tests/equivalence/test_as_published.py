"""Modules as authors publish them are the definition; the same with one mistake are not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tests.deciding import finding_of


class LastStage(nn.Module):
    """Spatial reduction by one: nothing is reduced, and nothing normalised."""

    def __init__(self, dim: int, num_heads: int = 4, sr_ratio: int = 1) -> None:
        super().__init__()
        self.heads, self.scale = num_heads, (dim // num_heads) ** -0.5
        self.q, self.kv, self.proj = (nn.Linear(dim, n * dim) for n in (1, 2, 1))

    def forward(self, x: Tensor, H: int, W: int) -> Tensor:
        q, k, v = (
            t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for t in (self.q(x), *self.kv(x).chunk(2, -1))
        )
        y = scaled_dot_product_attention(q, k, v, scale=self.scale)
        return self.proj(y.transpose(1, 2).flatten(2))


class LastStageUnscaled(LastStage):
    def __init__(self, dim: int, num_heads: int = 4, sr_ratio: int = 1) -> None:
        super().__init__(dim, num_heads)
        self.scale = dim**-0.5


class ManyHeads(nn.Module):
    """External attention in heads of a wider projection, which share both memories."""

    axis = -2

    def __init__(self, dim: int, heads: int = 4, wider: int = 2) -> None:
        super().__init__()
        self.heads = heads * wider
        self.wide, self.narrow = nn.Linear(dim, wider * dim), nn.Linear(wider * dim, dim)
        self.keys, self.values = nn.Linear(dim // heads, 10), nn.Linear(10, dim // heads)

    def forward(self, x: Tensor) -> Tensor:
        q = self.wide(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        a = self.keys(q).softmax(self.axis)
        a = a / (1e-9 + a.sum(-1, keepdim=True))
        return self.narrow(self.values(a).transpose(1, 2).flatten(2))


class ManyHeadsOverKeys(ManyHeads):
    axis = -1


class LocalState(nn.Module):
    """Local attention that gives the attentional state: W_c is one matrix on [c; h]."""

    def __init__(self, dim: int, window: int = 3) -> None:
        super().__init__()
        self.window = window
        self.where, self.far = nn.Linear(dim, dim, bias=False), nn.Linear(dim, 1, bias=False)
        self.joint = nn.Linear(2 * dim, dim, bias=False)

    def weigh(self, scores: Tensor, outside: Tensor, near: Tensor) -> Tensor:
        return scores.masked_fill(outside, -1e9).softmax(-1) * near

    def forward(self, query: Tensor, memory: Tensor) -> Tensor:
        count = memory.shape[1]
        centre = count * self.far(self.where(query).tanh()).sigmoid()
        gap = torch.arange(count, dtype=memory.dtype) - centre
        near = (-(gap**2) / (2 * (self.window / 2) ** 2)).exp()
        weights = self.weigh(query @ memory.mT, gap.abs() > self.window, near)
        return self.joint(torch.cat((weights @ memory, query), -1)).tanh()


class GaussBeforeTheSoftmax(LocalState):
    def weigh(self, scores: Tensor, outside: Tensor, near: Tensor) -> Tensor:
        return (scores * near).masked_fill(outside, -1e9).softmax(-1)


class VectorsInOneTable(nn.Module):
    """Differential attention whose four vectors are the rows of one parameter."""

    sign = 1

    def __init__(self, dim: int, n_heads: int = 3) -> None:
        super().__init__()
        self.heads, self.d = n_heads, dim // n_heads // 2
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim, bias=False) for _ in range(4))
        self.lam = nn.Parameter(torch.randn(4, self.d) * 0.1)
        self.norm = nn.RMSNorm(2 * self.d, eps=1e-5)

    def forward(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        q, k = (
            f(x).view(b, n, self.heads, 2, self.d).permute(3, 0, 2, 1, 4) for f in (self.q, self.k)
        )
        v = self.v(x).view(b, n, self.heads, -1).transpose(1, 2)
        one, two = (scaled_dot_product_attention(q[i], k[i], v, is_causal=True) for i in (0, 1))
        lam = (self.lam[0] @ self.lam[1]).exp() - self.sign * (self.lam[2] @ self.lam[3]).exp()
        y = self.norm(one - (lam + 0.8) * two) * 0.2
        return self.o(y.transpose(1, 2).reshape(b, n, -1))


class VectorsAdded(VectorsInOneTable):
    sign = -1


class CountedPositions(nn.Module):
    """ALiBi whose positions are those among the tokens that the mask shows, as in BLOOM."""

    first = 1

    def __init__(self, dim: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.o = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """attention_mask: (batch, tokens) of ones for tokens and zeros for padding."""
        b, n, c = x.shape
        shown = torch.ones(b, n) if attention_mask is None else attention_mask
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        steps = range(self.first, self.heads + self.first)
        m = torch.tensor([2.0 ** (-8 * h / self.heads) for h in steps], dtype=x.dtype)
        place = (shown.cumsum(-1) - 1) * shown
        bias = m[:, None, None] * place[:, None, None, :].to(x.dtype)
        hidden = torch.ones(n, n, dtype=torch.bool).triu(1) | (shown == 0)[:, None, None, :]
        bias = bias.expand(b, self.heads, n, n).masked_fill(hidden, torch.finfo(x.dtype).min)
        y = scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.o(y.transpose(1, 2).reshape(b, n, c))


class SlopesFromOne(CountedPositions):
    first = 0


PUBLISHED: list[tuple[type[nn.Module], type[nn.Module], str]] = [
    (LastStage, LastStageUnscaled, "sra"),
    (ManyHeads, ManyHeadsOverKeys, "external"),
    (LocalState, GaussBeforeTheSoftmax, "luong-local"),
    (VectorsInOneTable, VectorsAdded, "differential"),
    (CountedPositions, SlopesFromOne, "alibi"),
]


@pytest.mark.parametrize(("right", "faulty", "spec"), PUBLISHED)
def test_it_is_the_definition_and_with_a_mistake_it_departs(
    right: Any, faulty: Any, spec: str
) -> None:
    finding = finding_of("equivalence", right, spec)
    assert finding.evidence["identity"] == "proven", finding.message
    finding = finding_of("equivalence", faulty, spec)
    assert finding.evidence["identity"] == "departs", finding.message
