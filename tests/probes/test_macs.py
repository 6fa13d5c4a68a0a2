"""The multiply-accumulates equal a closed form, counted in two ways."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import torch
from torch import nn

from attncheck.data.report import Finding
from attncheck.probes.macs import Macs
from tests.deciding import finding_of


class Full(nn.Module):
    """Every position attends to every position."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.v = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, v = self.q(x).flatten(2), self.v(x).flatten(2)
        return x + (v @ (q.transpose(1, 2) @ q).softmax(-1).transpose(1, 2)).view_as(x)


class Rows(Full):
    """Every position attends to its row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, v = self.q(x), self.v(x)
        weights = torch.einsum("bchw,bchj->bhwj", q, q).softmax(-1)
        return x + torch.einsum("bhwj,bchj->bchw", weights, v)


class RowsInOtherWords(Rows):
    """The same without a matrix product: multiply and sum."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, v = self.q(x), self.v(x)
        weights = (q[..., :, None] * q[..., None, :]).sum(1).softmax(-1)
        return x + (weights[:, None] * v[..., None, :]).sum(-1)


class Unpriced(Rows):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + torch.linalg.svdvals(x).sum()


class Detached(Rows):
    """A part of the work that a trace does not see."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.q(x.data).data


class Host(Rows):
    """A block with a projection of its own after the attention."""

    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.proj = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.proj(super().forward(x))


ROWS = "H*W*(2*C*C + 2*C*W)"


def macs(factory: Any, **claim: Any) -> Finding:
    return finding_of("macs", factory, parameters=claim or {"formula": ROWS})


def test_the_closed_form_is_per_sample_unless_it_names_the_batch() -> None:
    assert macs(Rows).status == "holds"
    assert macs(Rows, formula=f"B*{ROWS}").status == "holds"


def test_attention_to_all_positions_is_not_attention_to_rows() -> None:
    finding = macs(Full)
    assert finding.status == "violated"
    assert finding.evidence["by_operator"]["aten.bmm"] == 2 * 2 * 32 * 77 * 77
    assert finding.witness is not None


def test_an_upper_bound_is_enough_where_people_differ() -> None:
    assert macs(Rows, at_most="H*W*(3*C*C + 2*C*W)").status == "holds"
    assert macs(Full, at_most=ROWS).status == "violated"
    between = ["H*W*(2*C*C + 2*C*(W - 1))", ROWS]
    assert macs(Rows, between=between).status == "holds"
    assert macs(Full, between=between).status == "violated"


def test_a_contraction_in_other_words_is_the_same_work() -> None:
    assert macs(RowsInOtherWords).status == "holds"


def test_an_operator_without_a_price_leaves_the_claim_open_and_is_named() -> None:
    finding = macs(Unpriced)
    assert finding.status == "undecided"
    assert "_linalg_svd" in finding.message


def test_counters_that_differ_leave_the_claim_open_and_are_named() -> None:
    finding = macs(Detached, formula="H*W*C*C")
    assert finding.status == "undecided"
    assert "the dispatch counter says 157,696" in finding.message
    assert "fvcore 0" in finding.message


def test_a_host_with_a_layer_of_its_own_is_not_accused() -> None:
    finding = macs(Host)
    assert finding.status == "skipped"
    assert "'proj' takes 1,419,264 MACs" in finding.message


@pytest.mark.parametrize("claim", [{}, {"formula": "1", "at_most": "2"}, {"formula": "2 *"}])
def test_a_claim_states_one_formula(claim: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(claim, Macs)
