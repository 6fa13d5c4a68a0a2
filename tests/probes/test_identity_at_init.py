"""The module starts as the identity."""

from typing import Any

import torch
from torch import nn

from tests.deciding import finding_of
from tests.probes.test_depends_on import SE, Projecting
from tests.probes.test_reach import CrissCross, NonLocal


class ZeroBatchNorm(nn.Module):
    def __init__(self, c: int, forgotten: bool = False, scale: float = 0.0) -> None:
        super().__init__()
        self.conv, self.bn, self.forgotten = nn.Conv2d(c, c, 1), nn.BatchNorm2d(c), forgotten
        nn.init.constant_(self.bn.weight, scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn(self.conv(x))
        return y if self.forgotten else x + y


class Nothing(nn.Module):
    """Computes a branch and does not add it."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.conv(x)
        return x


class ZeroBias(NonLocal):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        nn.init.zeros_(self.out.bias)


def decided(module: type, equals: str = "x", **arguments: Any) -> Any:
    return finding_of("identity-at-init", module, parameters={"equals": equals}, **arguments)


def test_zero_scales_of_three_styles_start_as_the_identity() -> None:
    assert decided(CrissCross).status == "holds"
    assert decided(ZeroBatchNorm).status == "holds"
    assert decided(ZeroBias).status == "holds"
    assert decided(ZeroBatchNorm, "0", forgotten=True).status == "holds"


def test_a_scale_of_one_a_bias_and_a_forgotten_sum_are_found() -> None:
    assert "differs from x by" in decided(ZeroBatchNorm, scale=1.0).message
    assert decided(NonLocal).status == "violated"
    assert decided(ZeroBatchNorm, forgotten=True).status == "violated"
    assert decided(SE).status == "violated"


def test_a_branch_that_is_never_added_is_found() -> None:
    finding = decided(Nothing)
    assert finding.status == "violated"
    assert "whatever the parameters are" in finding.message


def test_where_shapes_differ_nothing_is_said() -> None:
    assert decided(Projecting, "memory").status == "skipped"
