"""A change of the input leaves the output, or the gate, as it was."""

from typing import Any

import pytest
import torch
from torch import nn

from tests.deciding import finding_of
from tests.probes.test_depends_on import CBAM, SE, Projecting, SimAM, SpatialGate, TopLeft


class Pool(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.c = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.c(x) / x.shape[1]).mean((2, 3), True).expand_as(x)


def decided(module: type, to: str, of: str = "gate", **parameters: Any) -> Any:
    return finding_of("invariant", module, parameters={"to": to, "of": of, **parameters})


@pytest.mark.parametrize(
    ("module", "to", "of"),
    [
        (SE, "pixel permutation", "gate"),
        (CBAM, "pixel permutation", "channel gate"),
        (SpatialGate, "channel permutation", "gate"),
        (SpatialGate, "channel permutation", "spatial gate"),
        (SimAM, "shift", "gate"),
        (SimAM, "channel shift", "gate"),
        (SimAM, "sign", "gate"),
        (Pool, "pixel permutation", "output"),
    ],
)
def test_right_gates_stay(module: type, to: str, of: str) -> None:
    finding = decided(module, to, of)
    assert finding.status == "holds", finding.message


@pytest.mark.parametrize(
    ("module", "to", "of"),
    [
        (TopLeft, "pixel permutation", "gate"),
        (SE, "channel permutation", "gate"),
        (SE, "shift", "gate"),
        (SE, "sign", "gate"),
        (CBAM, "channel permutation", "spatial gate"),
        (SimAM, "scale", "gate"),
        (SE, "pixel permutation", "output"),
    ],
)
def test_gates_that_change_are_found(module: type, to: str, of: str) -> None:
    finding = decided(module, to, of)
    assert finding.status == "violated"
    assert finding.evidence["largest_change"] > 0


def test_without_a_gate_to_see_nothing_is_said() -> None:
    assert decided(Projecting, "sign").status == "skipped"
    assert decided(SE, "sign", input="memory").status == "skipped"


def test_a_small_constant_beside_the_variance_does_not_count_at_large_values() -> None:
    assert decided(SimAM, "scale of large values", "gate").status == "holds"
    assert decided(SE, "scale of large values", "gate").status == "violated"
