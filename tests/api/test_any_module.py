"""Counts and comparisons of any module from Python: what is at hand, on inputs as they are."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import attncheck
from attncheck.errors import AttncheckError


class Mixed(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.lin = nn.Linear(width, 3)

    def forward(self, pair: list[torch.Tensor], scale: float = 1.0) -> torch.Tensor:
        return self.lin(pair[0] * scale) @ pair[1]


PAIR = [torch.zeros(2, 5, 4), torch.zeros(2, 3, 7)]
MACS = 2 * (5 * 4 * 3 + 5 * 3 * 7)


@pytest.mark.parametrize("thing", [Mixed, Mixed(4), lambda: Mixed(4)])
def test_what_is_at_hand_is_counted_without_a_spec(thing: object) -> None:
    assert attncheck.count(thing, inputs=[PAIR, 0.5]).counts.macs == MACS
    assert attncheck.count(thing, inputs={"pair": PAIR}).counts.macs == MACS


def test_modules_are_compared_on_one_call() -> None:
    found = attncheck.compare(Mixed(4), Mixed, inputs=[PAIR])
    assert [one.counts and one.counts.macs for one in found.subjects] == [MACS, MACS]
    with pytest.raises(AttncheckError, match="nothing is stated for 'pair'"):
        attncheck.compare(Mixed(4), Mixed, inputs={"scale": 0.5})
