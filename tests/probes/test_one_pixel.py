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


def test_a_spread_of_one_value_is_found() -> None:
    finding = finding_of("one-pixel", Spread)
    assert finding.status == "violated"
    assert "NaN" in finding.message


def test_a_mean_of_one_value_is_fine() -> None:
    assert finding_of("one-pixel", Mean).status == "holds"


def test_windows_are_not_asked() -> None:
    assert finding_of("one-pixel", Windows, inputs=("2x8x14x21",)).status == "skipped"
