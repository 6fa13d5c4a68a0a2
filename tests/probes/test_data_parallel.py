"""Two processes with half of a batch each learn what one learns from the whole."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.attention import Attention, TimeMajorAttention
from tests.deciding import finding_of
from tests.source.marked import marked


class LeavesOneOut(Attention):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))  # <- here

    def normalise(self, logits: Tensor) -> Tensor:
        return (logits if self.training else logits * self.temperature).softmax(-1)


class MixesTheBatch(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return (logits - logits.mean(0, keepdim=True)).softmax(-1)


class Normalised(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(c, c, 1), nn.BatchNorm2d(c)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.norm(self.conv(x)).sigmoid()


class Drops(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return nn.functional.dropout(logits.softmax(-1), 0.5, self.training)


class Nothing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x.mean((2, 3), keepdim=True).sigmoid()


def test_a_parameter_without_a_gradient_is_named_with_its_line() -> None:
    finding = finding_of("data-parallel", LeavesOneOut, "tokens")
    assert finding.status == "violated"
    assert "'temperature' gets no gradient" in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(LeavesOneOut)


def test_samples_that_see_each_other_learn_otherwise_apart() -> None:
    finding = finding_of("data-parallel", MixesTheBatch, "tokens")
    assert finding.status == "violated"
    assert "differs by" in finding.message


@pytest.mark.parametrize(
    ("module", "spec"),
    [
        (Attention, "tokens"),
        (TimeMajorAttention, "tokens"),
        (Drops, "tokens"),
        (Normalised, "map"),
    ],
)
def test_what_learns_alike_holds(module: type, spec: str) -> None:
    finding = finding_of("data-parallel", module, spec)
    assert finding.status == "holds", finding.message


def test_a_module_that_learns_nothing_is_not_asked() -> None:
    assert finding_of("data-parallel", Nothing, "map").status == "skipped"
