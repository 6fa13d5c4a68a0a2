"""What a constructor leaves can learn: zeros and frozen layers are told, and are no fault."""

from typing import Any

import pytest
import torch
from torch import nn

from attncheck.catalogue import load
from tests.deciding import finding_of


class Gate(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(dim, dim // 2, 1)
        self.up = nn.Conv2d(dim // 2, dim, 1)
        self.scale = nn.Parameter(torch.zeros(1))
        self.table = nn.Parameter(torch.zeros(1, dim, 1, 1), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = self.up(self.down(x).relu()).sigmoid()
        return x + self.scale * (x * gate + self.table)


class ZeroWeights(Gate):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        nn.init.zeros_(self.up.weight)


class ZeroByData(Gate):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.down.weight.data.fill_(0)


class PartAtZero(Gate):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        with torch.no_grad():
            self.up.weight[: dim // 3].zero_()


class Frozen(Gate):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.down.requires_grad_(False)


def test_scales_and_tables_may_start_at_zero() -> None:
    assert finding_of("initial", Gate).status == "holds"


@pytest.mark.parametrize(("factory", "name"), [(ZeroWeights, "up"), (ZeroByData, "down")])
def test_a_layer_at_zero_is_told_on_its_line(factory: Any, name: str) -> None:
    finding = finding_of("initial", factory)
    assert finding.message == f"'{name}.weight' starts at zero"
    assert finding.advice
    assert finding.location is not None


def test_a_part_of_a_fused_layer_at_zero_is_told() -> None:
    assert "rows of 'up.weight' start at zero" in finding_of("initial", PartAtZero).message


def test_a_frozen_layer_is_told() -> None:
    finding = finding_of("initial", Frozen)
    assert "'down.weight' starts frozen" in finding.message
    assert finding.advice


@pytest.mark.parametrize("spec", ["nonlocal", "gc"])
def test_a_spec_whose_module_starts_as_the_identity_says_nothing_of_it(spec: str) -> None:
    claims = load(spec).document.claims
    assert "identity-at-init" in claims
    assert "initial" not in claims
