"""Forward and backward run wherever the spec defines the mechanism."""

import torch
from torch import nn

from tests.deciding import finding_of


class Halves(nn.Module):
    """Needs an even height."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top, bottom = x.unflatten(2, (2, -1)).unbind(2)
        return self.conv(torch.cat([bottom, top], 2))


class Adds(nn.Module):
    def __init__(self, c1: int, c2: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x)


class Writes(nn.Module):
    """Runs forward, and raises in the backward pass."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x).sigmoid()
        out = x * y
        y.mul_(2)
        return out + y


def test_an_odd_height_that_raises_is_found() -> None:
    assert finding_of("runs", Halves, inputs=("2x8x6x4",)).status == "violated"


def test_sizes_stay_as_they_are_where_a_family_says_so() -> None:
    finding = finding_of("runs", Halves, inputs=("2x8x6x4",), parameters={"sizes": False})
    assert finding.status == "holds"


def test_two_widths_that_cannot_be_added_are_found() -> None:
    finding = finding_of("runs", Adds, parameters={"at": {"C2": "2*C"}}, c1="C", c2="C2")
    assert finding.status == "violated"
    assert "must match" in finding.message
    assert finding_of("runs", Adds, c1="C", c2="C2").status == "holds"


def test_a_backward_pass_that_raises_is_found() -> None:
    finding = finding_of("runs", Writes)
    assert finding.status == "violated"
    assert finding.message.startswith("backward raises")
