"""Positions are told apart."""

import torch
from torch import nn

from tests.deciding import finding_of


class AddsOneConstant(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x).mean((2, 3), keepdim=True)


class ReturnsTheGate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x.mean((2, 3), keepdim=True)).sigmoid()


class ReturnsTheSpreadGate(ReturnsTheGate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).expand_as(x)


class ChannelsLast(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-1] == self.fc.in_features
        return x + self.fc(x).relu()


def test_one_constant_added_everywhere_is_found() -> None:
    finding = finding_of("per-position", AddsOneConstant)
    assert finding.status == "violated"
    assert "one constant" in finding.message


def test_an_output_without_positions_is_found() -> None:
    assert "no positions" in finding_of("per-position", ReturnsTheGate).message


def test_an_output_alike_everywhere_is_found() -> None:
    assert finding_of("per-position", ReturnsTheSpreadGate).status == "violated"


def test_a_layer_per_pixel_in_channels_last_tells_positions_apart() -> None:
    assert finding_of("per-position", ChannelsLast).status == "holds"
