"""What a module gives to tokens that are padding themselves is no difference, if it blanks them."""

from torch import Tensor

from tests.attention import MaskedAttention
from tests.deciding import finding_of


class Blanks(MaskedAttention):
    """The outputs of padded tokens are zeros."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return super().forward(x, mask).masked_fill(mask[:, :, None], 0.0)


class Doubles(MaskedAttention):
    """The outputs of padded tokens are others, and no constant."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return super().forward(x, mask) * (1 + mask[:, :, None].to(x.dtype))


INPUTS = ("2x5x8", "2x5:pad-true")


def test_blanked_rows_of_padding_are_no_difference() -> None:
    found = finding_of("equivalence", Blanks, "mha", inputs=INPUTS, dim=8, heads=2)
    assert found.status == "holds"


def test_other_rows_are_compared() -> None:
    found = finding_of("equivalence", Doubles, "mha", inputs=INPUTS, dim=8, heads=2)
    assert found.status != "holds"
