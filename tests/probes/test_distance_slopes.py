"""Logits fall with the distance, at the rates of the paper."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from attncheck.data.report import Status
from tests.attention import Attention
from tests.deciding import finding_of


class Biased(Attention):
    """Slopes by the plain formula, two-sided."""

    def rates(self, heads: int) -> Tensor:
        return torch.tensor([2 ** (-8 * (h + 1) / heads) for h in range(heads)])[:, None, None]

    def bias(self, n: int, heads: int) -> Tensor:
        at = torch.arange(n)
        return -(at[:, None] - at[None]).abs() * self.rates(heads)

    def logits(self, scores: Tensor, d: int, bias: Tensor) -> Tensor:
        return scores / math.sqrt(d) + bias

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        logits = self.logits(q @ k.mT, q.shape[-1], self.bias(x.shape[1], q.shape[1]))
        return self.o((logits.softmax(-1) @ v).transpose(1, 2).flatten(2))


class ByTheKeysPlace(Biased):
    """As BLOOM has it: a row's common number does not matter; causal."""

    def bias(self, n: int, heads: int) -> Tensor:
        later = torch.full((n, n), -torch.inf).triu(1)
        return torch.arange(n) * self.rates(heads) + later


class ScaledWithTheScores(Biased):
    def logits(self, scores: Tensor, d: int, bias: Tensor) -> Tensor:
        return (scores + bias) / math.sqrt(d)


class Multiplied(Biased):
    def logits(self, scores: Tensor, d: int, bias: Tensor) -> Tensor:
        return scores / math.sqrt(d) * bias


class FarIsBetter(Biased):
    def bias(self, n: int, heads: int) -> Tensor:
        return -super().bias(n, heads)


class OneForAll(Biased):
    def rates(self, heads: int) -> Tensor:
        return super().rates(heads)[:1].expand(heads, 1, 1)


@pytest.mark.parametrize("module", [Biased, ByTheKeysPlace])
@pytest.mark.parametrize("heads", [3, 4])
def test_the_papers_slopes_hold(module: type[Biased], heads: int) -> None:
    finding = finding_of("distance-slopes", module, "tokens", heads=heads)
    assert finding.status is Status.HOLDS, finding.message


@pytest.mark.parametrize("module", [ScaledWithTheScores, Multiplied, FarIsBetter, OneForAll])
def test_other_slopes_are_found(module: type[Biased]) -> None:
    finding = finding_of("distance-slopes", module, "tokens", heads=4)
    assert finding.status is Status.VIOLATED
    assert "per step towards the query" in finding.message


def test_attention_without_positions_has_no_slope() -> None:
    assert finding_of("distance-slopes", Attention, "tokens", heads=4).status is Status.VIOLATED
