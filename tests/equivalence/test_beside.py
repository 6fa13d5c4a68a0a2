"""What is beside the mechanism: layers of further outputs, and switches of the constructor's."""

from __future__ import annotations

from torch import Tensor, nn

from tests.deciding import finding_of


class SqueezeExcitation(nn.Module):
    def __init__(self, c: int, r: int = 4) -> None:
        super().__init__()
        self.down = nn.Linear(c, c // r)
        self.up = nn.Linear(c // r, c)

    def gated(self, x: Tensor) -> Tensor:
        g = self.up(self.down(x.mean((2, 3))).relu()).sigmoid()
        return x * g[:, :, None, None]

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        return self.gated(x)


class TrainedBesides(SqueezeExcitation):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.classify = nn.Linear(c, 5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.gated(x)
        return y, self.classify(y.mean((2, 3)))


class WrongAndTrainedBesides(TrainedBesides):
    def gated(self, x: Tensor) -> Tensor:
        g = self.up(self.down(x.amax((2, 3))).relu()).sigmoid()
        return x * g[:, :, None, None]


class LeftOver(SqueezeExcitation):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.classify = nn.Linear(c, 5)


class Bottleneck(nn.Module):
    def __init__(self, c1: int, c2: int, shortcut: bool = True) -> None:
        super().__init__()
        half = c2 // 2
        self.cv1 = nn.Sequential(nn.Conv2d(c1, half, 1, bias=False), nn.BatchNorm2d(half))
        self.cv2 = nn.Sequential(nn.Conv2d(half, c2, 3, 1, 1, bias=False), nn.BatchNorm2d(c2))
        self.act = nn.SiLU()
        self.add = self.adds(shortcut, c1, c2)

    def adds(self, shortcut: bool, c1: int, c2: int) -> bool:
        return shortcut and c1 == c2

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.cv2(self.act(self.cv1(x))))
        return x + y if self.add else y


class AddsNever(Bottleneck):
    def adds(self, shortcut: bool, c1: int, c2: int) -> bool:
        return shortcut and c1 == c2 // 2


class AddsNothingByDefault(Bottleneck):
    def __init__(self, c1: int, c2: int, shortcut: bool = False) -> None:
        super().__init__(c1, c2, shortcut)


def test_a_layer_that_another_output_reads_is_beside_the_mechanism() -> None:
    assert finding_of("equivalence", TrainedBesides, "se").status == "holds"


def test_what_is_beside_hides_no_fault_and_what_nothing_reads_is_told() -> None:
    assert finding_of("equivalence", WrongAndTrainedBesides, "se").status == "violated"
    assert finding_of("equivalence", LeftOver, "se").status == "violated"


def test_a_switch_of_the_constructor_that_forward_does_not_heed_is_a_fault() -> None:
    finding = finding_of("equivalence", AddsNever, "bottleneck")
    assert finding.status == "violated"
    assert "shortcut=True" in finding.message
    assert finding_of("equivalence", Bottleneck, "bottleneck").status == "holds"
    assert finding_of("equivalence", AddsNothingByDefault, "bottleneck").status == "holds"
