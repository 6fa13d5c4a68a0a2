"""A block that normalises last is told from one that normalises first."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attncheck.data.report import Status
from tests.deciding import finding_of


class After(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = self.made(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))

    def made(self, dim: int) -> nn.Module:
        return nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.ffn(x))


class AfterByRootMeanSquare(After):
    def made(self, dim: int) -> nn.Module:
        return nn.RMSNorm(dim)


class Before(After):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.ffn(self.norm(x))


class BranchAlone(After):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.ffn(x))


@pytest.mark.parametrize("module", [After, AfterByRootMeanSquare])
def test_a_norm_at_the_end_holds(module: type[After]) -> None:
    assert finding_of("normalised", module, "tokens", dim=12).status is Status.HOLDS


@pytest.mark.parametrize("module", [Before, BranchAlone])
def test_a_norm_elsewhere_is_found(module: type[After]) -> None:
    finding = finding_of("normalised", module, "tokens", dim=12)
    assert finding.status is Status.VIOLATED
    assert "not normalised last" in finding.message


def test_a_norm_over_tokens_is_found() -> None:
    class OverTokens(After):
        def forward(self, x: Tensor) -> Tensor:
            return x + self.ffn(x) - torch.mean(x, 1, keepdim=True)

    assert finding_of("normalised", OverTokens, "tokens", dim=12).status is Status.VIOLATED
