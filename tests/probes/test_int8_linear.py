"""With its linear layers in int8 a module runs; the error is told."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.attention import Attention
from tests.deciding import finding_of
from tests.source.marked import marked


class ReadsWeights(Attention):
    def forward(self, x: Tensor) -> Tensor:
        keys = F.linear(x, torch.cat([self.k.weight, self.v.weight]))  # <- here
        q, (k, v) = self.split(self.q(x)), map(self.split, keys.chunk(2, -1))
        weights = (q @ k.mT * self.scale(q)).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).flatten(2))


class Convolves(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.conv(x).sigmoid()


def test_weights_that_are_read_beside_their_layer_are_named_with_their_line() -> None:
    finding = finding_of("int8-linear", ReadsWeights, "tokens")
    assert (finding.status, finding.limit, finding.advice) == ("violated", "int8", True)
    assert finding.location is not None
    assert finding.location.line == marked(ReadsWeights)


def test_an_error_is_told_and_no_fault() -> None:
    finding = finding_of("int8-linear", Attention, "tokens")
    assert finding.status == "holds"
    assert "of the largest output" in finding.message
    assert 0 < finding.evidence["error"] < 0.2


def test_without_a_linear_layer_there_is_nothing_to_try() -> None:
    assert finding_of("int8-linear", Convolves).status == "skipped"
