"""Masks in half precision."""

import torch
from torch import Tensor

from tests.attention import Attention, MaskedAttention
from tests.deciding import finding_of

PAD = ("2x7x48", "2x7:pad-true")


class Overflows(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return logits.masked_fill(mask[:, None, None], -1e9).softmax(-1)


class Lowest(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        lowest = torch.finfo(logits.dtype).min
        return logits.masked_fill(mask[:, None, None], lowest).softmax(-1)


class InfinityTimesZero(MaskedAttention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        big = torch.full((), -1e5).to(logits)
        return (logits + big * mask[:, None, None].to(logits)).softmax(-1)


class RaisesTheVisible(MaskedAttention):
    def weigh(self, logits: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        assert mask is not None
        return (logits + 4096 * ~mask[:, None, None]).softmax(-1)


def test_a_constant_that_float16_cannot_hold_is_found_on_its_line() -> None:
    finding = finding_of("half-masks", Overflows, "mha", inputs=PAD)
    assert finding.status == "violated"
    assert "float16" in finding.message
    assert finding.location is not None


def test_infinity_times_zero_is_found() -> None:
    assert finding_of("half-masks", InfinityTimesZero, "mha", inputs=PAD).status == "violated"


def test_constants_of_the_precision_hold() -> None:
    assert finding_of("half-masks", Lowest, "mha", inputs=PAD).status == "holds"
    assert finding_of("half-masks", MaskedAttention, "mha", inputs=PAD).status == "holds"


def test_a_module_without_a_mask_is_skipped() -> None:
    assert finding_of("half-masks", Attention, "mha").status == "skipped"


def test_a_result_that_rounding_does_not_explain_is_found() -> None:
    finding = finding_of("half-masks", RaisesTheVisible, "mha", inputs=PAD)
    assert finding.status == "violated"
    assert "rounding explains" in finding.message
