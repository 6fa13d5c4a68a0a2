"""A batch of no samples gives an output of none."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.attention import Attention
from tests.deciding import finding_of
from tests.source.marked import marked


class MinusOne(Attention):
    def split(self, t: Tensor) -> Tensor:
        return t.reshape(*t.shape[:-1], self.heads, -1).transpose(1, 2)  # <- here


class SampleBySample(Attention):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.attend(t[None], t[None]) for t in x])  # <- here


class AtLeastOne(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.fc(x).mean((2, 3), keepdim=True).sigmoid()
        return x * gate if len(x) else x.new_zeros(1, *x.shape[1:])


class OfNumbers(Attention):
    def split(self, t: Tensor) -> Tensor:
        b, n, c = t.shape
        return t.reshape(b, n, self.heads, c // self.heads).transpose(1, 2)


@pytest.mark.parametrize("module", [MinusOne, SampleBySample])
def test_what_cannot_do_without_a_sample_is_named_with_its_line(module: type) -> None:
    finding = finding_of("empty-batch", module, "tokens")
    assert (finding.status, finding.limit) == ("violated", "empty-batch")
    assert finding.location is not None
    assert finding.location.line == marked(module)


def test_a_sample_out_of_nothing_is_found() -> None:
    finding = finding_of("empty-batch", AtLeastOne)
    assert finding.status == "violated"
    assert "an empty batch gives (1, 32, 7, 11)" in finding.message


def test_sizes_that_are_written_out_hold() -> None:
    assert finding_of("empty-batch", OfNumbers, "tokens").status == "holds"
