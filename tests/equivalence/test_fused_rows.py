"""Rows of a fused projection are found in the orders in which people lay them out."""

import pytest
import torch
from torch import nn

from attncheck.equivalence.rows import layouts
from tests.deciding import finding_of


class Fused(nn.Module):
    def __init__(self, dim: int, heads: int, *, order: str) -> None:
        super().__init__()
        self.heads, self.d, self.order = heads, dim // heads, order
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def apart(self, qkv: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """q, k and v as (B, heads, N, d)."""
        b, n, _ = qkv.shape
        if self.order == "k h d":
            return qkv.view(b, n, 3, self.heads, self.d).permute(2, 0, 3, 1, 4).unbind(0)
        if self.order == "h k d":
            return qkv.view(b, n, self.heads, 3, self.d).permute(3, 0, 2, 1, 4).unbind(0)
        return qkv.view(b, n, self.d, 3, self.heads).permute(3, 0, 4, 1, 2).unbind(0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.apart(self.qkv(x))
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(x.shape))


class TokensMixed(Fused):
    """Heads are split off before tokens: no order of rows makes this attention."""

    def apart(self, qkv: torch.Tensor) -> tuple[torch.Tensor, ...]:
        b, n, _ = qkv.shape
        return qkv.view(b, self.heads, n, 3, self.d).permute(3, 0, 1, 2, 4).unbind(0)


@pytest.mark.parametrize("order", ["k h d", "h k d", "d k h"])
def test_every_order_of_a_fused_projection_is_multi_head_attention(order: str) -> None:
    finding = finding_of("equivalence", Fused, "mha", dim=12, heads=3, order=order)
    assert finding.status == "holds", finding.message


def test_a_view_that_mixes_tokens_is_not() -> None:
    finding = finding_of("equivalence", TokensMixed, "mha", dim=12, heads=3, order="")
    assert finding.status != "holds"


def test_rows_of_all_slots_are_all_rows_of_the_matrix() -> None:
    matrix = torch.arange(24.0).reshape(12, 2)
    for rows in layouts((4, 4, 4), 2):
        read = torch.cat([own.of(matrix) for own in rows])
        assert sorted(read[:, 0].tolist()) == matrix[:, 0].tolist(), rows[0].describe()
