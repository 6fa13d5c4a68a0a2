"""A table of offsets is for one size of map; kernels that no argument tells are read off."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv3d

from tests.deciding import finding_of


class Lambda(nn.Module):
    """A lambda layer whose positions are a kernel kept as a bare tensor."""

    side = 7
    over = -1

    def __init__(self, dim: int, k: int = 4, heads: int = 2) -> None:
        super().__init__()
        self.heads, self.depth = heads, k
        self.q = nn.Conv2d(dim, k * heads, 1, bias=False)
        self.k = nn.Conv2d(dim, k, 1, bias=False)
        self.v = nn.Conv2d(dim, dim // heads, 1, bias=False)
        self.table = nn.Parameter(torch.randn(k, 1, 1, self.side, self.side))

    def forward(self, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        q = self.q(x).reshape(b, self.heads, self.depth, h * w)
        k, v = self.k(x).flatten(2).softmax(self.over), self.v(x)
        content = torch.einsum("bkm,bvm->bkv", k, v.flatten(2))
        around = (0, self.side // 2, self.side // 2)
        near = conv3d(v[:, None], self.table, padding=around).flatten(3)  # (B, k, v, N)
        y = torch.einsum("bhkn,bkv->bhvn", q, content) + torch.einsum("bhkn,bkvn->bhvn", q, near)
        return y.reshape(b, -1, h, w)


class WholeMap(Lambda):
    """A kernel as wide as a map of 5 × 5 can use: its table of offsets."""

    side = 9


class OverDepth(Lambda):
    over = -2


@pytest.mark.parametrize(
    ("factory", "inputs"), [(Lambda, ()), (WholeMap, ("1x8x5x5",)), (WholeMap, ("1x8x6x7",))]
)
def test_a_kernel_in_a_bare_tensor_is_proven(factory: type[Lambda], inputs: tuple[str]) -> None:
    finding = finding_of("equivalence", factory, "lambda", inputs=inputs)
    assert finding.status.value == "holds", finding.message


@pytest.mark.parametrize("inputs", [(), ("1x8x5x5",)])
def test_keys_normalised_over_their_depth_are_no_lambda(inputs: tuple[str]) -> None:
    assert finding_of("equivalence", OverDepth, "lambda", inputs=inputs).counts
