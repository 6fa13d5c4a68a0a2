"""Work and memory beside another mechanism's, at the paper's sizes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import torch
from torch import nn

from attncheck.data.report import Finding
from attncheck.probes.cost_against import CostAgainst
from tests.deciding import finding_of

AT = {"B": 1, "C": 512, "H": 97, "W": 97}


class Rows(nn.Module):
    """Every position attends to its row."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.v = nn.Conv2d(c, c // 8, 1), nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.q(x)
        weights = torch.einsum("bchw,bchj->bhwj", q, q).softmax(-1)
        return x + torch.einsum("bhwj,bchj->bchw", weights, self.v(x))


class Masked(Rows):
    """The same result from the whole matrix, most of it masked away."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, v = self.q(x).flatten(2), self.v(x).flatten(2)
        row = torch.arange(q.shape[-1], device=x.device) // x.shape[3]
        scores = q.transpose(1, 2) @ q
        scores = scores.masked_fill(row[:, None] != row, -torch.inf)
        return x + (v @ scores.softmax(-1).transpose(1, 2)).view_as(x)


class Fused(Rows):
    """The whole matrix, by a fused kernel that never holds it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.q(x).flatten(2).transpose(1, 2)
        y = nn.functional.scaled_dot_product_attention(q, q, self.v(x).flatten(2).transpose(1, 2))
        return x + y.transpose(1, 2).reshape(x.shape)


class FixedWidth(Rows):
    def __init__(self) -> None:
        super().__init__(32)


class ReadsValues(Rows):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * (2 if x.sum().item() > 0 else 1)


def cost(factory: Any, **claim: Any) -> Finding:
    claim = {"mechanism": "nonlocal", "at": AT, "passes": 2, **claim}
    return finding_of("cost-against", factory, parameters=claim)


def test_attention_to_rows_costs_a_fraction() -> None:
    finding = cost(Rows, macs="<= 0.16", memory="<= 0.15")
    assert finding.status == "holds"
    ours, _ = finding.evidence["macs"]
    n = 97 * 97
    assert ours == 2 * n * (512 * 64 + 512 * 512 + 97 * (64 + 512))


def test_a_mask_over_the_whole_matrix_saves_nothing() -> None:
    finding = cost(Masked, macs="<= 0.16", memory="<= 0.15")
    assert finding.status == "violated"
    assert "claimed <= 0.16 and <= 0.15" in finding.message


def test_memory_of_a_fused_kernel_is_left_open() -> None:
    finding = cost(Fused, memory="<= 0.15")
    assert finding.status == "undecided"
    assert "fused" in finding.message


def test_a_module_of_one_width_is_not_compared_at_another() -> None:
    finding = cost(FixedWidth, macs="<= 0.16")
    assert finding.status == "skipped"


def test_a_module_that_reads_values_leaves_the_claim_open() -> None:
    finding = cost(ReadsValues, macs="<= 0.16")
    assert finding.status == "undecided"
    assert "shapes" in finding.message


def test_memory_of_a_training_step_is_more() -> None:
    alone = cost(Rows, memory="<= 1").evidence["memory"]
    training = cost(Rows, memory="<= 1", training=True).evidence["memory"]
    assert training[1] > alone[1]


@pytest.mark.parametrize("claim", [{}, {"macs": "0.16"}, {"memory": "<= C *"}])
def test_a_bound_is_a_comparison_with_a_number(claim: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"mechanism": "nonlocal", **claim}, CostAgainst)
