"""A patch on an empty map moved by a pixel: what follows it and what does not."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncheck.report import Status
from tests.deciding import finding_of


class Convolution(nn.Module):
    def __init__(self, C: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(C, C, 5, padding=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class WithBias(nn.Module):
    """The padding of the second convolution shows on an empty map."""

    def __init__(self, C: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(C, C, 3, padding=1, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class ByPlace(nn.Module):
    """A factor for each place."""

    def __init__(self, C: int, H: int, W: int) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.randn(H, W))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.place


def test_a_factor_for_each_place_does_not_move_with_its_input() -> None:
    found = finding_of("translation", ByPlace)
    assert found.status is Status.VIOLATED
    assert "moved by" in found.message


def test_a_convolution_moves_with_its_input() -> None:
    assert finding_of("translation", Convolution).status is Status.HOLDS


def test_borders_that_show_on_an_empty_map_are_no_fault() -> None:
    assert finding_of("translation", WithBias).status is Status.SKIPPED
