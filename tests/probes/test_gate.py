"""The output is the input times a gate."""

from typing import Any

import pytest
import torch
from torch import nn

from tests.deciding import finding_of
from tests.probes.test_depends_on import (
    CBAM,
    SE,
    ChannelGate,
    Coordinate,
    PixelPerceptron,
    Projecting,
    SimAM,
    SpatialGate,
)


class Rebound(nn.Module):
    """Each step is assigned to x, and x * x returned."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(c, c, 1), nn.BatchNorm2d(c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn(self.conv(nn.functional.adaptive_avg_pool2d(x, 1))).sigmoid()
        return x * x


class ReboundFull(Rebound):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).expand_as(x).clone()


class GateTimesGate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        g = self.conv(x).sigmoid()
        return g * g


class Square(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * x


class NoSigmoid(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x.mean((2, 3), True))


class PlusResidual(ChannelGate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x


UNIT = {"range": [0, 1]}
CHANNEL = {"range": [0, 1], "constant_over": ["H", "W"]}


def decided(module: type, parameters: dict[str, Any]) -> Any:
    return finding_of("gate", module, parameters=parameters)


@pytest.mark.parametrize(
    ("module", "parameters"),
    [
        (SE, CHANNEL),
        (ChannelGate, CHANNEL),
        (SpatialGate, {"range": [0, 1], "constant_over": ["C"]}),
        (CBAM, {"range": [0, 1], "factors": ["C", "H W"]}),
        (Coordinate, {"range": [0, 1], "factors": ["C H", "C W"]}),
        (PixelPerceptron, UNIT),
        (SimAM, {"range": [0.622, 1]}),
        (PlusResidual, {"range": [1, 2], "constant_over": ["H", "W"]}),
        (NoSigmoid, {"constant_over": ["H", "W"]}),
    ],
)
def test_right_gates_hold(module: type, parameters: dict[str, Any]) -> None:
    finding = decided(module, parameters)
    assert finding.status == "holds", finding.message


@pytest.mark.parametrize("module", [Rebound, ReboundFull])
def test_a_gate_that_multiplies_itself_loses_the_input(module: type) -> None:
    finding = decided(module, CHANNEL)
    assert finding.status == "violated"
    assert (
        "no pixel of the input reaches the output except through its channel mean"
        in finding.message
    )


def test_a_gate_times_itself_is_not_zero_where_the_input_is() -> None:
    finding = decided(GateTimesGate, UNIT)
    assert "not zero where the input is" in finding.message
    assert not finding.evidence["only_through_means"]


@pytest.mark.parametrize(
    ("module", "parameters", "words"),
    [
        (Square, UNIT, "outside [0, 1]"),
        (NoSigmoid, UNIT, "outside [0, 1]"),
        (PlusResidual, UNIT, "outside [0, 1]"),
        (SpatialGate, CHANNEL, "varies by"),
        (PixelPerceptron, {"factors": ["C", "H W"]}, "no product"),
        (SimAM, {"range": [0.9, 1]}, "outside [0.9, 1]"),
    ],
)
def test_range_and_form_are_found(module: type, parameters: dict[str, Any], words: str) -> None:
    finding = decided(module, parameters)
    assert finding.status == "violated"
    assert words in finding.message


def test_a_projection_hides_the_gate() -> None:
    assert decided(Projecting, CHANNEL).status == "skipped"
