"""A claimed residual connection is there."""

import torch
from torch import nn

from tests.deciding import finding_of


class Gate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x.mean((2, 3))).sigmoid()[:, :, None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)


class GateAndInput(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1 + self.gate(x))


class PostActivation(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.block(x) + x)


class GateSquared(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.gate(x)
        return x * x


def test_a_gate_alone_is_no_residual() -> None:
    finding = finding_of("residual", Gate)
    assert finding.status == "violated"
    assert finding.seen == "0.5·x"


def test_a_rebound_input_is_no_residual() -> None:
    assert finding_of("residual", GateSquared).status == "violated"


def test_a_gate_of_one_and_more_is_a_residual() -> None:
    assert finding_of("residual", GateAndInput).status == "holds"


def test_a_residual_before_the_activation_counts() -> None:
    assert finding_of("residual", PostActivation).status == "holds"


class AddedTwice(PostActivation):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x


def test_an_input_added_twice_is_found_where_it_is_claimed_once() -> None:
    once = {"once": True}
    assert finding_of("residual", PostActivation, parameters=once).status == "holds"
    finding = finding_of("residual", AddedTwice, parameters=once)
    assert finding.status == "violated"
    assert finding.seen == "2·x"
    assert finding_of("residual", AddedTwice).status == "holds"
