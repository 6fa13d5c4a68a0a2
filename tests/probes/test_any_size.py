"""One module works on inputs of other sizes than those it was first given."""

import torch
from torch import nn

from tests.deciding import finding_of


class FixedPool(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d((7, 11))
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(self.pool(x).flatten(1))[..., None, None]


class AdaptivePool(FixedPool):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.pool = nn.AdaptiveAvgPool2d(1)  # type: ignore[assignment]


class StaleCache(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.count: int | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.count = self.count or x.shape[-1] * x.shape[-2]
        return x * (x.sum((2, 3), keepdim=True) / self.count).sigmoid()


class SizeInConstructor(nn.Module):
    def __init__(self, c: int, height: int, width: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(c, height, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.table


class PositionsInConstructor(nn.Module):
    def __init__(self, c: int, places: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(c, places))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.table.view(1, x.shape[1], *x.shape[2:])


class Windows(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        t = x.view(b, c, h // 4, 4, w // 4, 4)
        return (t - t.mean((3, 5), keepdim=True)).view(b, c, h, w)


class WindowsThatSaySo(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2] % 8 or x.shape[3] > 12:
            raise ValueError("height must be a multiple of 8, width at most 12")
        return x * 2


def test_a_fixed_pool_is_found() -> None:
    finding = finding_of("any-size", FixedPool)
    assert finding.status == "violated"
    assert finding_of("any-size", AdaptivePool).status == "holds"


def test_a_stale_cache_is_found() -> None:
    finding = finding_of("any-size", StaleCache)
    assert finding.status == "violated"
    assert "saw no other size" in finding.message


def test_a_size_in_the_constructor_is_the_authors_choice_unless_the_spec_says_otherwise() -> None:
    given = {"c": 8, "height": 6, "width": 5}
    inputs = ("2x8x6x5",)
    finding = finding_of("any-size", SizeInConstructor, inputs=inputs, **given)
    assert finding.status == "skipped"
    strict = {"constructed": False}
    finding = finding_of("any-size", SizeInConstructor, inputs=inputs, parameters=strict, **given)
    assert finding.status == "violated"


def test_a_number_of_positions_is_told_by_its_value() -> None:
    finding = finding_of("any-size", PositionsInConstructor, inputs=("2x8x6x5",), c=8, places=30)
    assert finding.status == "skipped"


def test_windows_are_fine() -> None:
    assert finding_of("any-size", Windows, inputs=("2x8x8x12",)).status == "holds"
    assert finding_of("any-size", WindowsThatSaySo, inputs=("2x8x8x12",)).status == "skipped"
