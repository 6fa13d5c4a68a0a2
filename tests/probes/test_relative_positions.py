"""Rotary positions: logits of one distance are one number, values have no positions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from attncheck.data.report import Status
from tests.attention import Attention
from tests.deciding import finding_of


class Rotary(Attention):
    """Pairs i and i + d/2, angles in two copies, fused attention."""

    def angles(self, t: Tensor) -> Tensor:
        theta = 100.0 ** (-torch.arange(0, t.shape[-1], 2, dtype=t.dtype) / t.shape[-1])
        return self.laid_out(torch.arange(t.shape[-2], dtype=t.dtype)[:, None] * theta)

    def laid_out(self, half: Tensor) -> Tensor:
        return torch.cat((half, half), -1)

    def turn(self, t: Tensor) -> Tensor:
        a, b = t.chunk(2, -1)
        angle = self.angles(t)
        return t * angle.cos() + torch.cat((-b, a), -1) * angle.sin()

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        return self.turn(q), self.turn(k), v

    def forward(self, x: Tensor) -> Tensor:
        return self.o(scaled_dot_product_attention(*self.parts(x)).transpose(1, 2).flatten(2))


class Causal(Rotary):
    def forward(self, x: Tensor) -> Tensor:
        a = scaled_dot_product_attention(*self.parts(x), is_causal=True)
        return self.o(a.transpose(1, 2).flatten(2))


class OtherPairs(Rotary):
    def laid_out(self, half: Tensor) -> Tensor:
        return half.repeat_interleave(2, -1)


class ValuesToo(Rotary):
    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = super().parts(x)
        return q, k, self.turn(v)


class NoSoftmax(nn.Module):
    """Causal sums without a softmax, divided by how many there are."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.v = nn.Linear(dim, dim)

    def count(self, n: int) -> Tensor:
        return torch.arange(1, n + 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.v(x).cumsum(1) / self.count(x.shape[1])[:, None]


class CountsOneMore(NoSoftmax):
    def count(self, n: int) -> Tensor:
        return torch.arange(2, n + 2)


def test_a_rotation_of_pairs_that_fit_their_angles_holds() -> None:
    for module in (Rotary, Causal):
        finding = finding_of("relative-positions", module, "tokens", heads=2)
        assert finding.status is Status.HOLDS


def test_angles_laid_out_for_other_pairs_are_found() -> None:
    finding = finding_of("relative-positions", OtherPairs, "tokens", heads=2)
    assert finding.status is Status.VIOLATED
    assert "logits of one distance" in finding.message


def test_turned_values_are_found() -> None:
    finding = finding_of("relative-positions", ValuesToo, "tokens", heads=2)
    assert finding.status is Status.VIOLATED
    assert "values carry" in finding.message


def test_without_a_softmax_only_the_outputs_can_be_compared() -> None:
    kind, alone = "relative-positions", {"logits": False}
    assert finding_of(kind, NoSoftmax, "tokens").status is Status.UNDECIDED
    assert finding_of(kind, NoSoftmax, "tokens", parameters=alone).status is Status.HOLDS
    assert finding_of(kind, CountsOneMore, "tokens", parameters=alone).status is Status.VIOLATED


class OneAngleForAll(Rotary):
    """Positions are taken from the batch: every token of a sample is turned alike."""

    def laid_out(self, half: Tensor) -> Tensor:
        return torch.cat((half, half), -1)[1:2]


def test_positions_without_effect_are_found() -> None:
    finding = finding_of("relative-positions", OneAngleForAll, "tokens", heads=2)
    assert finding.status is Status.VIOLATED
    assert "no part" in finding.message
