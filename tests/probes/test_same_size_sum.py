"""Maps that are added have one size."""

from pathlib import Path

import torch
from torch import nn

from tests.deciding import finding_of


class Halve(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., : x.shape[2] // 2, : x.shape[3] // 2]


class HalvedThenPooled(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(Halve(), nn.Conv2d(c, c, 1), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(x)


class PooledInLine(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.add(self.conv(x.mean((2, 3), keepdim=True)), x)


class GatedResidual(nn.Module):
    """Broadcasts a gate in a product, and biases over tokens: both are fine."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)
        self.shift = nn.Parameter(torch.zeros(c, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x) + self.shift
        return y * y.mean((2, 3), keepdim=True).sigmoid() + x


def test_two_faults_that_cancel_are_named() -> None:
    finding = finding_of("same-size-sum", HalvedThenPooled)
    assert finding.status == "violated"
    assert "branch.0 (Halve) turns 7×11 into 3×5" in finding.message
    assert "branch.2 (AdaptiveAvgPool2d) turns 3×5 into 1×1" in finding.message
    assert "two faults cancel" in finding.message


def test_the_finding_stands_on_the_line_of_the_sum() -> None:
    finding = finding_of("same-size-sum", HalvedThenPooled)
    assert finding.location is not None
    assert finding.location.path == __file__
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert "x + self.branch(x)" in lines[finding.location.line - 1]


def test_a_pooled_vector_added_to_a_map_is_found() -> None:
    finding = finding_of("same-size-sum", PooledInLine)
    assert finding.status == "violated"
    assert "cancel" not in finding.message


def test_a_gate_that_broadcasts_in_a_product_is_no_sum() -> None:
    assert finding_of("same-size-sum", GatedResidual).status == "holds"
