"""Training from the author's own initialisation moves what should learn."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from attncheck.signature.factories import AsItIs
from tests.deciding import finding_of
from tests.probes.test_depends_on import CBAM, SE, SimAM
from tests.probes.test_identity_at_init import ZeroBatchNorm
from tests.probes.test_reach import CrissCross, NonLocal


class TwoZeros(NonLocal):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.gamma = nn.Parameter(torch.zeros(1))
        nn.init.zeros_(self.out.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.gamma * (super().forward(x) - x)


class FrozenZero(CrissCross):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.gamma.requires_grad_(False)


class Detached(SE):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (super().forward(x) / x).detach() + 0 * self.b.bias.sum()


class AllFrozen(SE):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.requires_grad_(False)


class KeyBias(nn.Module):
    """Biases without gradient: of the key before a softmax, of a convolution before BatchNorm."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Conv2d(c, 4, 1) for _ in range(3))
        self.out, self.bn = nn.Conv2d(4, c, 1), nn.BatchNorm2d(c)
        self.unused = nn.Linear(3, 3)
        self.table = nn.Parameter(torch.randn(c, 1, 1), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (f(x + self.table).flatten(2) for f in (self.q, self.k, self.v))
        y = torch.einsum("bcm,bnm->bcn", v, torch.einsum("bcn,bcm->bnm", q, k).softmax(-1))
        return x + self.bn(self.out(y.unflatten(2, x.shape[2:])))


class OneHidden(nn.Module):
    """One hidden unit, dead for half of all seeds."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(c, 1), nn.Linear(1, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.b(F.relu(self.a(x.mean((2, 3))))).sigmoid()[..., None, None]


class LayerScales(nn.Module):
    """One zero in each of two residual steps: both learn."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.one, self.two = ZeroBatchNorm(c), CrissCross(c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(self.one(x))


def decided(module: type, **arguments: Any) -> Any:
    return finding_of("trains", module, **arguments)


@pytest.mark.parametrize(
    "module", [SE, CBAM, CrissCross, NonLocal, ZeroBatchNorm, KeyBias, OneHidden, LayerScales]
)
def test_right_modules_learn(module: type) -> None:
    finding = decided(module)
    assert finding.status == "holds", finding.message


def test_two_zeros_in_series_never_learn() -> None:
    finding = decided(TwoZeros)
    assert finding.status == "violated"
    assert "out.weight" in finding.evidence["unchanged"]
    assert "both start at zero" in finding.message


def test_a_frozen_zero_stops_everything_behind_it() -> None:
    finding = decided(FrozenZero)
    assert finding.status == "violated"
    assert "gamma is zero and frozen" in finding.message
    assert "gamma" not in finding.evidence["unchanged"]


def test_a_detached_gate_never_learns() -> None:
    finding = decided(Detached)
    assert finding.status == "violated"
    assert set(finding.evidence["unchanged"]) >= {"a.weight", "b.weight"}


def test_a_module_frozen_as_a_whole_is_found() -> None:
    assert "every parameter is frozen" in decided(AllFrozen).message


def test_without_parameters_nothing_is_said() -> None:
    assert decided(SimAM).status == "skipped"


class Deaf(SE):
    """None of its hidden units is awake, as may happen to an instance that has few."""

    def __init__(self, c: int) -> None:
        super().__init__(c)
        nn.init.constant_(self.a.bias, -1.0)


def test_units_that_are_dead_in_one_instance_are_no_fault_of_its_class() -> None:
    assert finding_of("trains", Deaf).status == "violated", "of a class it is its author's start"
    assert finding_of("trains", AsItIs(Deaf(16)), dims={"C": 16}).status == "holds"
    assert finding_of("trains", AsItIs(TwoZeros(16)), dims={"C": 16}).status == "violated"
