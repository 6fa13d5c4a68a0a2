"""What happens to the input happens to the output."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.deciding import finding_of
from tests.probes.test_depends_on import SE, Coordinate, SimAM, SpatialGate
from tests.probes.test_reach import Conv, CrissCross, NonLocal, Scrambled


class Positional(nn.Module):
    """A gate that knows where it stands."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.c = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.linspace(0, 1, x.shape[2], dtype=x.dtype)[:, None]
        return x * (self.c(x) + h).sigmoid()


class ViewNotPermute(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.c = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        q, k = self.c(x).flatten(2).mT, x.reshape(b, h * w, c)
        return x + ((q @ k.mT).softmax(-1) @ q).mT.reshape(x.shape)


class ChannelAttention(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        t = x.flatten(2) / x.shape[2] ** 0.5
        return x + F.scaled_dot_product_attention(t, t, t, scale=0.1).reshape(x.shape)


def decided(module: type, to: str, **parameters: Any) -> Any:
    return finding_of("equivariant", module, parameters={"to": to, **parameters})


@pytest.mark.parametrize(
    ("module", "to"),
    [
        (NonLocal, "pixel permutation"),
        (SE, "pixel permutation"),
        (SimAM, "pixel permutation"),
        (SimAM, "channel permutation"),
        (SimAM, "sign"),
        (ChannelAttention, "channel permutation"),
        (CrissCross, "row permutation"),
        (CrissCross, "column permutation"),
        (CrissCross, "flip W"),
        (NonLocal, "transposition"),
        (NonLocal, "batch permutation"),
        (Coordinate, "row permutation"),
        (Conv, "translation"),
        (SpatialGate, "translation"),
        (NonLocal, "translation"),
    ],
)
def test_right_modules_move_alike(module: type, to: str) -> None:
    finding = decided(module, to)
    assert finding.status == "holds", finding.message


@pytest.mark.parametrize(
    ("module", "to"),
    [
        (Conv, "pixel permutation"),
        (Conv, "flip H"),
        (Conv, "transposition"),
        (Conv, "channel permutation"),
        (SE, "channel permutation"),
        (SE, "sign"),
        (SE, "shift"),
        (Positional, "pixel permutation"),
        (Positional, "translation"),
        (ViewNotPermute, "pixel permutation"),
        (CrissCross, "pixel permutation"),
        (Scrambled, "row permutation"),
        (Coordinate, "transposition"),
    ],
)
def test_modules_that_do_not_are_found(module: type, to: str) -> None:
    finding = decided(module, to)
    assert finding.status == "violated"
    assert to in finding.message


def test_an_unknown_symmetry_names_the_known_ones() -> None:
    with pytest.raises(Exception, match="pixel permutation"):
        decided(SE, "rotation")


class Jitter(NonLocal):
    """Breaks ties by a constant far below anything that counts."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        noise = torch.linspace(0, 1e-7, x.shape[3], dtype=x.dtype)
        return super().forward(x + noise)


class Halved(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(x, 2)


def test_a_jitter_against_ties_breaks_no_symmetry() -> None:
    assert decided(Jitter, "pixel permutation").status == "holds"


def test_of_an_output_of_another_size_nothing_is_said() -> None:
    assert decided(Halved, "pixel permutation").status == "skipped"


class SumGate(SE):
    """A squeeze that adds up in place of averaging: right at no other size."""

    def squeeze(self, x: torch.Tensor) -> torch.Tensor:
        return x.sum((2, 3)) / 77


def test_a_sum_for_a_mean_is_found_on_a_map_made_of_copies() -> None:
    assert decided(SE, "repetition").status == "holds"
    assert decided(NonLocal, "repetition").status == "holds"
    assert decided(SumGate, "repetition").status == "violated"
    assert decided(Conv, "repetition").status == "violated"


class FixedSize(nn.Module):
    def __init__(self, c: int, h: int, w: int) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.randn(c, h, w))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.place.sigmoid()


def test_a_module_made_for_one_size_is_not_asked_about_copies() -> None:
    assert decided(FixedSize, "repetition").status == "skipped"


class Wide(nn.Module):
    """A window of 23: wider than many a map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, channels, 23, padding=11)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.conv(self.norm(x))
        return out


class ByPlace(Wide):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * torch.arange(x.shape[-1], dtype=x.dtype)


def test_borders_of_a_wide_window_are_no_places() -> None:
    to = {"to": "translation"}
    assert finding_of("equivariant", Wide, parameters=to).status == "holds"
    assert finding_of("equivariant", ByPlace, parameters=to).status == "violated"
