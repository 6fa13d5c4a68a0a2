"""Attention that normalises its input first is linear where attention is; a later norm is not."""

from typing import Any

import pytest
from torch import Tensor, nn

from tests.attention import Attention
from tests.deciding import finding_of

EQUAL_TOKENS = {"alike": True}
SCORES = {"of": "scores", "degree": 2}


class NormedAttention(Attention):
    """A pre-norm block's LayerNorm stands in the attention itself."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.norm(x))


class NormedValues(NormedAttention):
    """The norm stands behind the attention, where it bends what the claim is about."""

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(Attention.forward(self, x))
        return out


@pytest.mark.parametrize("claim", [EQUAL_TOKENS, SCORES], ids=["equal-tokens", "scores"])
def test_a_norm_of_the_input_is_taken_for_its_scale_and_shift(claim: dict[str, Any]) -> None:
    assert finding_of("linear", NormedAttention, "mha", parameters=claim).status == "holds"


def test_a_norm_further_on_bends_the_output() -> None:
    assert finding_of("linear", NormedValues, "mha", parameters=EQUAL_TOKENS).status == "violated"
