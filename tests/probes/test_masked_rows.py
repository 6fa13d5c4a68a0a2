"""A sample that is all padding does no harm."""

import pytest
import torch
from torch import Tensor

from tests.attention import MaskedAttention
from tests.deciding import finding_of

PAD = ("2x7x48", "2x7:pad-true")


class Safe(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        lowest = torch.finfo(logits.dtype).min
        return logits.masked_fill(mask[:, None, None], lowest).softmax(-1)


class BatchWideMaximum(MaskedAttention):
    """The maximum for a stable softmax is taken over the batch: one NaN is everyone's."""

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        weights = super().weigh(logits, mask)
        return weights * (weights.amax() / weights.amax().detach())


class BatchWideScale(MaskedAttention):
    """A number is taken over the batch, as the start of Nyström's iteration is: no mask's fault."""

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        seen = logits.masked_fill((mask[:, None] | mask[:, :, None])[:, None], 0.0)
        return super().weigh(logits, mask) * (1 + seen.abs().amax())


@pytest.mark.parametrize("correct", [MaskedAttention, Safe])
def test_the_other_samples_are_left_alone(correct: type[MaskedAttention]) -> None:
    assert finding_of("masked-rows", correct, "mha", inputs=PAD).status == "holds"


def test_what_a_sample_does_to_the_others_anyway_is_not_the_masks() -> None:
    for claim in ("masked-rows", "masks"):
        assert finding_of(claim, BatchWideScale, "mha", inputs=PAD).status == "holds"


def test_a_row_that_poisons_the_batch_is_found() -> None:
    finding = finding_of("masked-rows", BatchWideMaximum, "mha", inputs=PAD)
    assert finding.status == "violated"
    assert "NaN" in finding.message


def test_nan_in_the_row_itself_is_asked_for_apart() -> None:
    finite = {"finite": True}
    unsafe = finding_of("masked-rows", MaskedAttention, "mha", inputs=PAD, parameters=finite)
    assert unsafe.status == "violated"
    assert finding_of("masked-rows", Safe, "mha", inputs=PAD, parameters=finite).status == "holds"
