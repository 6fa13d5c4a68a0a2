"""Constructor arguments that change nothing, or only where others are left out."""

from __future__ import annotations

import torch
from torch import nn

from attncheck.data.report import Status
from tests.deciding import finding_of


class Efficient(nn.Module):
    """The kernel follows from the width; where none is given, it is what the caller says."""

    def __init__(self, channels: int | None = None, kernel_size: int = 3) -> None:
        super().__init__()
        if channels is not None:
            kernel_size = 5 if channels > 64 else 3
        self.conv = nn.Conv1d(1, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate: torch.Tensor = self.conv(x.mean((2, 3))[:, None])[:, 0].sigmoid()
        return x * gate[:, :, None, None]


class AlwaysOfThree(Efficient):
    def __init__(self, channels: int | None = None, kernel_size: int = 3) -> None:
        super().__init__(channels, 3)


class Switched(nn.Module):
    """The reduction is that of a second branch, which is off by default."""

    heeds = True

    def __init__(self, channels: int, reduction: int = 4, deep: bool = False) -> None:
        super().__init__()
        width = channels // reduction if deep and self.heeds else channels // 4
        self.down, self.up = nn.Linear(channels, width), nn.Linear(width, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate: torch.Tensor = self.up(self.down(x.mean((2, 3))).relu()).sigmoid()
        return x * gate[:, :, None, None]


class NeverHeeded(Switched):
    heeds = False


def test_a_size_of_what_is_switched_off_has_its_effect_with_the_switch() -> None:
    assert finding_of("unused", Switched, spec="se").status is Status.HOLDS
    assert finding_of("unused", NeverHeeded, spec="se").status is Status.VIOLATED


def test_a_kernel_that_counts_where_no_width_is_given_has_its_effect() -> None:
    assert finding_of("unused", Efficient, spec="eca").status is Status.HOLDS


def test_a_kernel_that_never_counts_is_found() -> None:
    finding = finding_of("unused", AlwaysOfThree, spec="eca")
    assert finding.status is Status.VIOLATED
    assert "the constructor's 'kernel_size' makes the same module" in finding.message
