"""Outputs follow from earlier inputs alone."""

import pytest
import torch
from torch import Tensor, nn

from tests.attention import Attention
from tests.deciding import finding_of


class Causal(Attention):
    diagonal = 1

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        ahead = torch.ones(logits.shape[-2:], dtype=torch.bool).triu(self.diagonal)
        return self.normalise(logits.masked_fill(ahead, float("-inf")))


class OneAhead(Causal):
    diagonal = 2


class SecondSoftmax(Causal):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.softmax(-1).softmax(-1)


class RunningMean(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.v = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        count = torch.arange(1, x.shape[1] + 1, dtype=x.dtype)
        return self.v(x).cumsum(1) / count[:, None]


class CumulativeOverHeads(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.v = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.v(x).cumsum(0) + x.flip(1)


@pytest.mark.parametrize("faulty", [Attention, OneAhead, SecondSoftmax, CumulativeOverHeads])
def test_an_output_that_sees_later_inputs_is_found(faulty: type[nn.Module]) -> None:
    finding = finding_of("causality", faulty, "tokens")
    assert finding.status == "violated"
    assert "behind it" in finding.message


@pytest.mark.parametrize("correct", [Causal, RunningMean])
def test_causal_modules_hold(correct: type[nn.Module]) -> None:
    assert finding_of("causality", correct, "tokens").status == "holds"


def test_a_map_has_no_time() -> None:
    assert finding_of("causality", nn.Identity, "map").status == "skipped"
