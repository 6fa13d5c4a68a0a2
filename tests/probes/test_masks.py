"""Masks of every convention, and what goes wrong with them."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from attncheck.data.report import Finding
from tests.attention import Attention, MaskedAttention
from tests.deciding import finding_of

PAD = ("2x7x48", "2x7:pad-true")


def found(module: type[nn.Module], *inputs: str, gap: float = 0.0) -> Finding:
    parameters = {"gap": gap, "padding": not gap}
    return finding_of("masks", module, "mha", inputs=inputs, parameters=parameters)


class HandedToFusedAttention(MaskedAttention):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        y = scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        return self.o(y.transpose(1, 2).flatten(2))


class Added(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return (logits + mask[:, None, None]).softmax(-1)


class AfterTheSoftmax(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return logits.softmax(-1).masked_fill(mask[:, None, None], 0.0)


class Ignored(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        return logits.softmax(-1)


class FirstSampleForAll(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return logits.masked_fill(mask[0], float("-inf")).softmax(-1)


class Rewrites(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        mask.sub_(1.0).mul_(1e4)
        return (logits + mask[:, None, None]).softmax(-1)


class TooSmall(MaskedAttention):
    constant = -8.0

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return (logits + self.constant * (1 - mask[:, None, None])).softmax(-1)


class TenThousand(TooSmall):
    constant = -1e4


class Lowest(TooSmall):
    constant = torch.finfo(torch.float64).min


class Rows(MaskedAttention):
    """A mask per query and key, True where they may not meet."""

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        mask = mask[:, None] if mask.ndim == 3 else mask
        return logits.masked_fill(mask, float("-inf")).softmax(-1)


class RowsSwapped(Rows):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return super().weigh(logits, mask.mT)


class Additive(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return (logits + mask).softmax(-1)


class DividedByLength(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        return super().weigh(logits, mask) / logits.shape[-1]


class Optional(Attention):
    """Optional, with a name of its own: what it means must be found."""

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        if mask is None:
            return logits.softmax(-1)
        return logits.masked_fill(mask[:, None, None] == 0, float("-inf")).softmax(-1)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        return self.attend(x, x, attention_mask)


class NamedAsTorchDoes(Optional):
    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        return self.attend(x, x, key_padding_mask)


class Lengths(Attention):
    def forward(self, x: Tensor, mask: int | None = None) -> Tensor:
        return self.attend(x[:, :mask], x)


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (HandedToFusedAttention, "the masked keys are the only ones attended"),
        (Added, "only shifts the logits, by 1"),
        (AfterTheSoftmax, "applied to the weights afterwards"),
        (Ignored, "changes nothing"),
        (FirstSampleForAll, "the mask of one sample hides the keys of every sample"),
        (DividedByLength, "three more padded keys"),
    ],
)
def test_a_padding_mask_that_does_something_else_is_found(
    faulty: type[nn.Module], words: str
) -> None:
    finding = found(faulty, *PAD)
    assert finding.status == "violated"
    assert words in finding.message


def test_a_mask_that_is_rewritten_is_found() -> None:
    finding = found(Rewrites, "2x7x48", "2x7:valid-01")
    assert finding.status == "violated"
    assert finding.evidence["fault"] == "modified"


def test_a_constant_that_is_too_small_for_ordinary_logits_is_found() -> None:
    assert found(TooSmall, "2x7x48", "2x7:valid-01").status == "violated"


def test_large_gaps_tell_ten_thousand_from_the_lowest_number() -> None:
    stated = ("2x7x48", "2x7:valid-01")
    assert found(TenThousand, *stated).status == "holds"
    assert found(Lowest, *stated).status == "holds"
    assert found(TenThousand, *stated, gap=1e5).status == "violated"
    assert found(Lowest, *stated, gap=1e5).status == "holds"


def test_swapped_rows_and_columns_are_found() -> None:
    finding = found(RowsSwapped, "2x7x48", "2x7x7:pad-true")
    assert "rows and columns" in finding.message


@pytest.mark.parametrize(
    ("correct", "mask"),
    [
        (MaskedAttention, "2x7:pad-true"),
        (HandedToFusedAttention, "2x7:valid-true"),
        (Rows, "7x7:pad-true"),
        (Rows, "2x7x7:pad-true"),
        (Rows, "2x1x7x7:pad-true"),
        (Additive, "2x1x1x7:additive"),
        (Additive, "7x7:additive"),
        (TenThousand, "2x7:valid-01"),
    ],
)
def test_every_convention_holds_as_stated(correct: type[nn.Module], mask: str) -> None:
    assert found(correct, "2x7x48", mask).status == "holds"


def test_the_meaning_of_an_optional_mask_is_found_by_trying() -> None:
    finding = found(Optional)
    assert finding.status == "holds"
    assert "'attention_mask' (B, N), True shows a key" in finding.message


def test_torchs_name_means_what_torch_means() -> None:
    finding = found(NamedAsTorchDoes)
    assert "read the other way round" in finding.message
    torchs = finding_of("masks", nn.MultiheadAttention, "mha")
    assert torchs.status == "holds"
    assert "'key_padding_mask' (B, M)" in torchs.message


def test_what_cannot_be_found_is_undecided_with_the_line_to_type() -> None:
    finding = found(Lengths)
    assert finding.status == "undecided"
    assert "--input mask=2x7:pad-true" in finding.message


def test_a_module_without_a_mask_is_skipped() -> None:
    assert found(Attention).status == "skipped"
    assert finding_of("masks", nn.Identity, "map").status == "skipped"
