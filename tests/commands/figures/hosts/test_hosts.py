"""A host has the parameters of the network that it is named after, and asks where papers put it."""

from __future__ import annotations

import fnmatch

import pytest
import torch
from torch import nn

from attncheck.commands.figures.hosts import HOSTS, host
from attncheck.commands.figures.hosts.layers import Strided
from attncheck.commands.figures.hosts.places import Place, nothing
from attncheck.errors import UsageError

KNOWN = {
    "cifar-resnet-50": 23_705_252,
    "mobilenetv2": 3_504_872,
    "mobilenetv2-imgclsmob": 3_504_960,
    "resnet-18": 11_689_512,
    "resnet-34": 21_797_672,
    "resnet-50": 25_557_032,
    "resnet-50-v1": 25_557_032,
    "resnet-101": 44_549_160,
    "resnet-152": 60_192_808,
    "resnext-50": 25_028_904,
    "resnext-101": 44_177_704,
    "senet-154": 115_088_984 - 6_629_040,
    "vgg-16": 138_357_544,
    "yolov5-s": 7_235_389,
}
"""Parameters as others count them; SENet-154's without its 50 gates."""


@pytest.mark.parametrize("name", KNOWN)
def test_a_host_has_the_known_parameters(name: str) -> None:
    with torch.device("meta"):
        module = host(name, nothing)
    assert sum(p.numel() for p in module.parameters()) == KNOWN[name]


def names_of(host_name: str) -> dict[str, int]:
    found: dict[str, int] = {}

    def attend(place: Place) -> None:
        found[place.name] = place.channels

    with torch.device("meta"):
        host(host_name, attend)
    return found


def test_a_resnet_asks_behind_every_branch_and_stage() -> None:
    places = names_of("resnet-50")
    branches = fnmatch.filter(places, "*/residual")
    assert len(branches) == 16
    assert places["stage3/block6/residual"] == 1024
    assert places["stage3/block6/middle"] == 256
    assert [places[f"stage{s}/end"] for s in (1, 2, 3, 4)] == [256, 512, 1024, 2048]


def test_mobilenetv2_asks_on_the_wide_maps_of_its_sixteen_expanding_blocks() -> None:
    places = names_of("mobilenetv2")
    assert len(fnmatch.filter(places, "*/expanded")) == 16
    assert len(fnmatch.filter(places, "*/residual")) == 17


def test_v1_strides_before_the_3x3_convolution_and_v15_in_it() -> None:
    image = torch.zeros(1, 3, 64, 64)
    sizes: list[int] = []

    class Sees(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            sizes.append(x.shape[-1])
            return x

    def attend(place: Place) -> nn.Module | None:
        return Sees() if place.name == "stage2/block1/conv2" else None

    for name in ("resnet-50-v1", "resnet-50"):
        host(name, attend, depths=(1, 1))(image)
    assert sizes == [8, 8], "a unit in the stead of a strided convolution sees every second pixel"


def test_a_strided_unit_sees_every_second_row_and_column() -> None:
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert Strided(nn.Identity(), 2)(x).flatten().tolist() == [0, 2, 8, 10]


@pytest.mark.parametrize("name", ["vit-tiny", "swin-tiny", "transformer-base"])
def test_a_host_that_is_nothing_without_attention_says_so(name: str) -> None:
    with torch.device("meta"), pytest.raises(UsageError, match="attention"):
        host(name, nothing)


def test_an_unknown_host_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="resnet-50"):
        host("resnet-5", nothing)


def test_every_host_names_a_file_that_builds() -> None:
    from importlib import import_module

    for file, _ in HOSTS.values():
        assert callable(import_module(f"attncheck.commands.figures.hosts.{file}").build)
