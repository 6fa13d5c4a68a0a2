"""A gate depends on the statistics it is said to depend on."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.deciding import finding_of


class SE(nn.Module):
    def __init__(self, c: int, hidden: int = 2) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(c, hidden), nn.Linear(hidden, c)

    def squeeze(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bchw->bc", x) / (x.shape[2] * x.shape[3])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s = self.b(F.relu(self.a(self.squeeze(x)))).sigmoid()
        return torch.einsum("bchw,bc->bchw", x, s)


class StandardDeviation(SE):
    def squeeze(self, x: torch.Tensor) -> torch.Tensor:
        return x.std((2, 3))


class TopLeft(SE):
    """Pools a window of fixed size."""

    def squeeze(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., :5, :5].mean((2, 3))


class Blind(SE):
    def squeeze(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(x[..., 0, 0])


class ChannelGate(nn.Module):
    def __init__(self, c: int, twice: bool = False) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(c, 2), nn.ReLU(), nn.Linear(2, c))
        self.twice = twice

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = self.mlp(x.mean((2, 3)))
        top = mean if self.twice else self.mlp(x.flatten(2).max(-1).values)
        return x * (mean + top).sigmoid()[..., None, None]


class SpatialGate(nn.Module):
    def __init__(self, k: int = 7) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.conv(torch.cat([x.mean(1, True), x.amax(1, True)], 1)).sigmoid()


class CBAM(nn.Module):
    def __init__(self, c: int, twice: bool = False) -> None:
        super().__init__()
        self.both = nn.Sequential(ChannelGate(c, twice), SpatialGate())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.both(x)


class Projecting(nn.Module):
    def __init__(self, c1: int, c2: int) -> None:
        super().__init__()
        self.gate, self.out = ChannelGate(c1), nn.Conv2d(c1, c2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.gate(x))


class Coordinate(nn.Module):
    def __init__(self, c: int, rows: bool = True) -> None:
        super().__init__()
        self.h, self.w, self.rows = nn.Conv1d(c, c, 1), nn.Conv1d(c, c, 1), rows

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.h(x.mean(3) if self.rows else x.mean((2, 3), True)[..., 0]).sigmoid()
        return x * h[..., None] * self.w(x.mean(2)).sigmoid()[:, :, None]


class SimAM(nn.Module):
    def __init__(self, lam: float = 1e-4) -> None:
        super().__init__()
        self.lam = lam

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        d = (x - x.mean((2, 3), True)).square()
        n = x.shape[2] * x.shape[3] - 1
        return x * (d / (4 * (d.sum((2, 3), True) / n + self.lam)) + 0.5).sigmoid()


class PixelPerceptron(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(c, 4), nn.Linear(4, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.b(self.a(x.movedim(1, -1)).relu()).movedim(-1, 1).sigmoid()


def decided(module: type, only: list[str], of: str = "gate", **arguments: Any) -> Any:
    return finding_of("depends-on", module, parameters={"only": only, "of": of}, **arguments)


BOTH = ["channel means", "channel maxima"]
SPATIAL = ["position means", "position maxima"]


@pytest.mark.parametrize(
    ("module", "only", "of"),
    [
        (SE, ["channel means"], "gate"),
        (ChannelGate, BOTH, "gate"),
        (CBAM, BOTH, "channel gate"),
        (SpatialGate, SPATIAL, "gate"),
        (Coordinate, ["row means", "column means"], "gate"),
        (SimAM, ["self", "channel means", "channel variances"], "gate"),
        (SimAM, ["channel"], "gate"),
        (PixelPerceptron, ["position"], "gate"),
        (StandardDeviation, ["channel variances"], "gate"),
    ],
)
def test_right_modules_of_many_styles_hold(module: type, only: list[str], of: str) -> None:
    finding = decided(module, only, of)
    assert finding.status == "holds", finding.message


@pytest.mark.parametrize(
    ("module", "only", "of"),
    [
        (StandardDeviation, ["channel means"], "gate"),
        (TopLeft, ["channel means"], "gate"),
        (ChannelGate, ["channel means"], "gate"),
        (ChannelGate, ["channel maxima"], "gate"),
        (CBAM, ["channel means"], "channel gate"),
        (SpatialGate, ["position means"], "gate"),
        (Coordinate, ["channel means"], "gate"),
        (Coordinate, ["row means"], "gate"),
        (PixelPerceptron, ["self"], "gate"),
        (SimAM, ["self"], "gate"),
    ],
)
def test_another_dependence_is_found(module: type, only: list[str], of: str) -> None:
    finding = decided(module, only, of)
    assert finding.status == "violated"
    assert "stay the same" in finding.message


def test_the_average_added_to_itself_ignores_the_maxima() -> None:
    finding = decided(ChannelGate, BOTH, twice=True)
    assert finding.status == "violated"
    assert finding.evidence["ignored"] == "channel maxima"
    assert decided(CBAM, BOTH, "channel gate", twice=True).status == "violated"


def test_a_gate_that_ignores_its_input_is_found() -> None:
    assert decided(Blind, ["channel means"]).evidence["ignored"] == "channel means"


def test_column_means_in_place_of_row_means_are_found() -> None:
    finding = decided(Coordinate, ["row means", "column means"], rows=False)
    assert finding.status == "violated"
    assert finding.evidence["ignored"] == "row means"


def test_a_projection_after_the_gate_hides_it() -> None:
    finding = decided(Projecting, BOTH, "channel gate")
    assert finding.status == "skipped"
    assert "projected" in finding.message
