"""One context for all positions."""

import torch
from torch import nn

from attncheck.data.report import Status
from tests.deciding import finding_of


class Context(nn.Module):
    """One vector per image, added everywhere."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.score, self.value = nn.Conv2d(c, 1, 1), nn.Linear(c, c)

    def context(self, x: torch.Tensor) -> torch.Tensor:
        a = self.score(x).flatten(2).softmax(-1)
        return self.value((x.flatten(2) * a).sum(-1))[:, :, None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.context(x)


class Both(Context):
    """Added and multiplied; the output is a new tensor of another layout."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        c = self.context(x)
        return (x.permute(0, 2, 3, 1) * c.sigmoid().permute(0, 2, 3, 1)).permute(0, 3, 1, 2) + c


class NeverSummed(Context):
    """The weights are there, the sum is not."""

    def context(self, x: torch.Tensor) -> torch.Tensor:
        a = self.score(x).flatten(2).softmax(-1).view_as(x[:, :1])
        return self.value((x * a).movedim(1, -1)).movedim(-1, 1)


class RowContexts(Context):
    """One context per row."""

    def context(self, x: torch.Tensor) -> torch.Tensor:
        a = self.score(x).softmax(-1)
        return self.value((x * a).sum(-1).mT).mT[..., None]


def status(factory: type) -> Status:
    return finding_of("same-everywhere", factory, "map").status


def test_one_context_holds_however_it_is_applied() -> None:
    assert status(Context) is Status.HOLDS
    assert status(Both) is Status.HOLDS


def test_a_context_that_is_not_summed_is_found() -> None:
    assert status(NeverSummed) is Status.VIOLATED


def test_a_context_per_row_is_found() -> None:
    assert status(RowContexts) is Status.VIOLATED
