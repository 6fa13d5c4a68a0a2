"""Heads may be the inner axis of a projection: rows in another order, and the same layer."""

import pytest
import torch
from torch import nn

from tests.deciding import finding_of


class Apart(nn.Module):
    """Attention that cuts each of its widths into heads in its own way."""

    def __init__(self, dim: int, heads: int, *, inner: str, scale: bool = True) -> None:
        super().__init__()
        self.heads, self.d, self.inner, self.scale = heads, dim // heads, inner, scale
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))

    def cut(self, t: torch.Tensor, name: str) -> torch.Tensor:
        """(B, N, C) -> (B, heads, N, d)."""
        b, n, _ = t.shape
        if name in self.inner:
            return t.view(b, n, self.d, self.heads).permute(0, 3, 1, 2)
        return t.view(b, n, self.heads, self.d).transpose(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k = self.cut(self.q(x), "q"), self.cut(self.k(x), "k")
        scores = q @ k.mT / (self.d**0.5 if self.scale else 1)
        y = scores.softmax(-1) @ self.cut(self.v(x), "v")
        order = (0, 2, 3, 1) if "o" in self.inner else (0, 2, 1, 3)
        return self.o(y.permute(*order).reshape(x.shape))


class Fused(Apart):
    """The same with one projection, whose parts have heads innermost."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads, inner="qkvo")
        del self.q, self.k, self.v
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (self.cut(t, "q") for t in self.qkv(x).chunk(3, -1))
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.o(y.permute(0, 2, 3, 1).reshape(x.shape))


class ChannelsFirst(nn.Module):
    """Descriptors of points, (B, D, N): keys and values are a source's."""

    def __init__(self, heads: int, dim: int) -> None:
        super().__init__()
        self.d, self.heads = dim // heads, heads
        self.parts = nn.ModuleList(nn.Conv1d(dim, dim, 1) for _ in range(3))
        self.merge = nn.Conv1d(dim, dim, 1)

    def forward(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            part(t).view(len(t), self.d, self.heads, -1)
            for part, t in zip(self.parts, (query, key, value), strict=True)
        )
        weights = torch.einsum("bdhn,bdhm->bhnm", q, k).div(self.d**0.5).softmax(-1)
        return self.merge(torch.einsum("bhnm,bdhm->bdhn", weights, v).reshape(query.shape))


def test_rows_of_heads_may_lie_between_each_other() -> None:
    finding = finding_of("equivalence", Apart, "mha", dim=12, heads=3, inner="qkvo")
    assert finding.status == "holds", finding.message


@pytest.mark.parametrize("inner", ["o", "qkv"])
def test_heads_that_are_joined_otherwise_than_they_were_cut_are_none_of_these(inner: str) -> None:
    finding = finding_of("equivalence", Apart, "mha", dim=12, heads=3, inner=inner)
    assert finding.status != "holds", finding.message


@pytest.mark.parametrize("make", [Fused, ChannelsFirst])
def test_so_may_those_of_a_fused_projection_and_of_convolutions(make: type[nn.Module]) -> None:
    finding = finding_of("equivalence", make, "mha", dim=12, heads=3)
    assert finding.status == "holds", finding.message


def test_a_missing_scale_is_seen_all_the_same() -> None:
    finding = finding_of("equivalence", Apart, "mha", dim=12, heads=3, inner="qkvo", scale=False)
    assert finding.status != "holds"


class Mixed(Apart):
    """Tokens and heads are taken for each other: no order of rows makes this attention."""

    def cut(self, t: torch.Tensor, name: str) -> torch.Tensor:
        return t.view(len(t), self.heads, -1, self.d)


def test_a_view_that_mixes_tokens_with_heads_is_no_relabelling() -> None:
    finding = finding_of("equivalence", Mixed, "mha", dim=12, heads=3, inner="")
    assert finding.status != "holds"
