"""Constructor arguments that need a value get it by their names, or all are asked for at once."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attncheck.errors import TargetError
from tests.deciding import subject_of


class Squeeze(nn.Module):
    """Says the width of its hidden layer, the axes of its map and a probability."""

    def __init__(
        self, spatial_dims: int, in_chs: int, squeeze_channels: int, attention_dropout: float
    ) -> None:
        super().__init__()
        assert spatial_dims == 2
        self.fc1 = nn.Conv2d(in_chs, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, in_chs, 1)
        self.dropout = nn.Dropout(attention_dropout)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()).sigmoid()
        return x * self.dropout(gate)


class Unknown(nn.Module):
    def __init__(self, in_channels: int, flavour: str, colour: str) -> None:
        super().__init__()


class Gate(nn.Module):
    """Writes the paper's F_l, F_g and F_int as Python likes names."""

    def __init__(self, f_int: int, f_g: int, f_l: int) -> None:
        super().__init__()
        self.x, self.g = nn.Conv2d(f_l, f_int, 1), nn.Conv2d(f_g, f_int, 1)
        self.psi = nn.Conv2d(f_int, 1, 1)

    def forward(self, g: Tensor, x: Tensor) -> Tensor:
        return x * self.psi((self.x(x) + self.g(g)).relu()).sigmoid()


def test_what_the_names_say_is_given() -> None:
    subject = subject_of(Squeeze, "se")
    assert subject.binding.arguments(subject.dims) == {
        "spatial_dims": 2,
        "in_chs": 32,
        "squeeze_channels": 8,
        "attention_dropout": 0.0,
    }


def test_names_of_the_spec_are_known_in_small_letters() -> None:
    assert subject_of(Gate, "attention-gate").binding.symbolic == {
        "f_int": "F",
        "f_g": "D",
        "f_l": "C",
    }


class Pair(nn.Module):
    """A kernel for each axis."""

    def __init__(self, channels: int, reduction: int = 4, kernel_size: Any = (5, 5)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size[0] // 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return out


def test_a_default_of_two_numbers_stays_and_fixes_the_dim() -> None:
    subject = subject_of(Pair, "cbam")
    assert subject.binding.symbolic == {"channels": "C"}
    assert subject.dims["k"] == 5


def test_all_that_is_missing_is_asked_for_at_once() -> None:
    with pytest.raises(TargetError, match="'flavour' and 'colour'") as error:
        subject_of(Unknown, "se")
    assert "--init flavour=VALUE --init colour=VALUE" in error.value.instead


class Places(nn.Module):
    """Has an embedding of n places, or of a map of this size."""

    def __init__(self, dim: int, n: int = 77, size: tuple[int, int] = (5, 6)) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.zeros(dim, *size))
        self.conv = nn.Conv2d(dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x + self.embedding)
        return out


def test_a_short_name_says_nothing_of_what_another_name_says() -> None:
    subject = subject_of(Places, "map", n=6)
    assert subject.dims["C"] == 32
    assert subject.binding.symbolic["dim"] == "C"


def test_a_size_of_two_is_that_of_the_map() -> None:
    subject = subject_of(Places, "map")
    assert subject.binding.symbolic["size"] == "size"
    assert (subject.dims["H"], subject.dims["W"]) == (7, 11)
