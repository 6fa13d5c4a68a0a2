"""A map of one pixel, or a sequence of one token, works too."""

import torch
from torch import nn

from tests.deciding import finding_of


class Spread(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * x.std((2, 3), keepdim=True).sigmoid()


class Mean(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * x.mean((2, 3), keepdim=True).sigmoid()


class Windows(nn.Module):
    """Windows of seven: other sizes are refused, and one pixel is no news."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        t = x.view(b, c, h // 7, 7, w // 7, 7)
        return (t - t.mean((3, 5), keepdim=True)).view(b, c, h, w)


class Subsampled(nn.Module):
    """Every value meets the maxima of 2×2 blocks."""

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.pool(x).mean((2, 3), keepdim=True)


class BlocksOfFour(Subsampled):
    def __init__(self) -> None:
        super().__init__(4)


def test_a_spread_of_one_value_is_found() -> None:
    finding = finding_of("one-pixel", Spread)
    assert finding.status == "violated"
    assert "NaN" in finding.message


def test_a_mean_of_one_value_is_fine() -> None:
    assert finding_of("one-pixel", Mean).status == "holds"


def test_windows_are_not_asked() -> None:
    assert finding_of("one-pixel", Windows, inputs=("2x8x14x21",)).status == "skipped"


def test_subsampling_is_not_asked() -> None:
    assert finding_of("one-pixel", Subsampled).status == "skipped"


def test_a_pooling_of_a_fixed_size_is_found() -> None:
    finding = finding_of("one-pixel", BlocksOfFour)
    assert finding.status == "violated"
    assert "too small" in finding.message
