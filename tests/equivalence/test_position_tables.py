"""A table of offsets over a whole map is the definition's, in whatever order its axes are kept."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.deciding import finding_of


class Lambda(nn.Module):
    """A lambda layer over a whole map: offsets of key from query, (2H-1, 2W-1, k, 1)."""

    def __init__(
        self, dim: int, fmap_size: tuple[int, int], dim_k: int = 4, heads: int = 3
    ) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Conv2d(dim, dim_k * heads, 1, bias=False)
        self.to_k = nn.Conv2d(dim, dim_k, 1, bias=False)
        self.to_v = nn.Conv2d(dim, dim // heads, 1, bias=False)
        self.norm_q, self.norm_v = nn.BatchNorm2d(dim_k * heads), nn.BatchNorm2d(dim // heads)
        self.table = nn.Parameter(torch.randn(self.shape(*fmap_size, dim_k)))
        self.sides = fmap_size

    def shape(self, h: int, w: int, k: int) -> tuple[int, ...]:
        return 2 * h - 1, 2 * w - 1, k, 1

    def offsets(self) -> tuple[Tensor, Tensor]:
        h, w = self.sides
        rows, columns = torch.arange(h).repeat_interleave(w), torch.arange(w).repeat(h)
        return rows - rows[:, None] + h - 1, columns - columns[:, None] + w - 1

    def embedding(self) -> Tensor:
        """(N, N, k): of a query and what it looks at."""
        return self.table[self.offsets()][..., 0]

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        q = self.norm_q(self.to_q(x)).reshape(b, self.heads, -1, h * w)
        k, v = self.to_k(x).flatten(2).softmax(-1), self.norm_v(self.to_v(x)).flatten(2)
        matrix = (k @ v.mT)[:, None] + torch.einsum("nmk,bvm->bnkv", self.embedding(), v)
        return torch.einsum("bhkn,bnkv->bhvn", q, matrix).reshape(b, c, h, w)


class Backwards(Lambda):
    """Offsets of the query from the key."""

    def embedding(self) -> Tensor:
        down, right = self.offsets()
        return self.table[down.T, right.T][..., 0]


class DepthFirst(Lambda):
    def shape(self, h: int, w: int, k: int) -> tuple[int, ...]:
        return k, 2 * h - 1, 2 * w - 1

    def embedding(self) -> Tensor:
        down, right = self.offsets()
        return self.table[:, down.T, right.T].permute(1, 2, 0)


class InOneAxis(Lambda):
    def shape(self, h: int, w: int, k: int) -> tuple[int, ...]:
        return (2 * h - 1) * (2 * w - 1), k

    def number(self, down: Tensor, right: Tensor) -> Tensor:
        return down * (2 * self.sides[1] - 1) + right

    def embedding(self) -> Tensor:
        return self.table[self.number(*self.offsets())]


class SidesAlike(InOneAxis):
    """Offsets of one sum share an embedding."""

    def number(self, down: Tensor, right: Tensor) -> Tensor:
        return down + right


class Unsigned(Lambda):
    """Left and right share an embedding."""

    def embedding(self) -> Tensor:
        down, right = self.offsets()
        middle = self.sides[1] - 1
        return self.table[down, middle + (right - middle).abs()][..., 0]


class EachPair(Lambda):
    """An embedding of each pair of places, which are no offsets."""

    def shape(self, h: int, w: int, k: int) -> tuple[int, ...]:
        return h * w, h * w, k

    def embedding(self) -> Tensor:
        return self.table


class EachPairNotSummed(EachPair):
    """Every place is told by itself alone what it looks at."""

    def embedding(self) -> Tensor:
        return self.table * torch.eye(len(self.table), dtype=self.table.dtype)[..., None]


@pytest.mark.parametrize("module", [Lambda, Backwards, DepthFirst, InOneAxis])
def test_a_table_of_all_offsets_is_proven(module: type[nn.Module]) -> None:
    found = finding_of("equivalence", module, "lambda")
    assert found.evidence.get("identity") == "proven", found.message
    assert found.evidence["options"]["position"] == "global"


@pytest.mark.parametrize("module", [SidesAlike, Unsigned, EachPairNotSummed])
def test_one_that_tells_offsets_apart_otherwise_is_not(module: type[nn.Module]) -> None:
    assert finding_of("equivalence", module, "lambda").status != "holds"


def test_an_embedding_of_each_pair_is_a_variant_with_its_source() -> None:
    found = finding_of("equivalence", EachPair, "lambda")
    assert found.evidence["identity"] == "variant", found.message
    assert "figure 3" in found.evidence["changes"][0]["source"]
