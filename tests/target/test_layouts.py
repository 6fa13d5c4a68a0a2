"""The order of axes that a module uses is found where several of them run."""

import torch
from torch import nn

from tests.deciding import subject_of


class Windows(nn.Module):
    """Channels last, in windows of three."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, h, w, c = x.shape
        t = x.reshape(b, h // 2, 2, w // 2, 2, c)
        return self.fc(t).reshape(b, h, w, c)


class Pixels(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class OverTheBatch(Pixels):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.conv(x).softmax(0)


def test_a_cube_is_read_as_the_module_reads_it() -> None:
    subject = subject_of(Windows, inputs=("2x8x8x8",), dim=8)
    assert subject.convention.layout == "channels-last"


def test_a_shape_that_contradicts_the_width_is_read_in_another_order() -> None:
    subject = subject_of(Windows, inputs=("2x6x4x8",), dim=8)
    assert subject.convention.layout == "channels-last"
    assert (subject.dims["H"], subject.dims["W"], subject.dims["C"]) == (6, 4, 8)


def test_our_order_stays_where_it_works() -> None:
    assert subject_of(Pixels, inputs=("2x8x8x8",), dim=8).convention.layout == ""


def test_a_module_that_mixes_the_batch_in_every_order_keeps_ours() -> None:
    assert subject_of(OverTheBatch, inputs=("2x8x8x8",), dim=8).convention.layout == ""
