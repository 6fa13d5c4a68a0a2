"""A worked example of a module without parameters."""

from typing import Any

import torch
from torch import nn

from attncheck.data.report import Finding, Status
from tests.deciding import finding_of

EXAMPLE = {"input": [[1.0, 2.0], [3.0, 6.0]], "outputs": [[[-2.0, -1.0], [0.0, 3.0]]]}


class Centred(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean((2, 3), keepdim=True)


class CentredBySums(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(2)
        return (flat - flat.sum(-1, keepdim=True) / flat.shape[-1]).view_as(x)


class CentredOnTheMedian(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.flatten(2).median(2).values[..., None, None]


class Learned(Centred):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * super().forward(x)


def example(factory: type, **more: Any) -> Finding:
    return finding_of("example", factory, parameters={**EXAMPLE, **more})


def test_the_worked_numbers_hold_however_they_are_computed() -> None:
    assert example(Centred).status is Status.HOLDS
    assert example(CentredBySums).status is Status.HOLDS


def test_other_numbers_are_found_and_shown() -> None:
    finding = example(CentredOnTheMedian)
    assert finding.status is Status.VIOLATED
    assert finding.message.endswith("is [[-1, 0], [1, 4]], not [[-2, -1], [0, 3]]")


def test_one_of_several_readings_is_enough() -> None:
    outputs = [*EXAMPLE["outputs"], [[-1.0, 0.0], [1.0, 4.0]]]
    assert example(CentredOnTheMedian, outputs=outputs).status is Status.HOLDS


def test_a_module_that_learns_is_left_out() -> None:
    assert example(Learned).status is Status.SKIPPED
