"""A slot that a helper of the definition only arranges is confirmed where its value is."""

import inspect

import pytest
import torch
from torch import Tensor, nn

from tests.deciding import finding_of


class Summary(nn.Module):
    """UFO attention, whose norm its children replace."""

    def __init__(self, dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.h = num_heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))
        self.gamma = nn.Parameter(torch.ones(1, num_heads, 1, 1))

    def length(self, t: Tensor) -> Tensor:
        return t.square().sum(-1, keepdim=True).sqrt()

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            f(x).unflatten(-1, (self.h, -1)).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        memory = k.mT @ v
        read = q * self.gamma / q.norm(dim=-1, keepdim=True)
        y = read @ (memory * self.gamma / self.length(memory))
        return self.o(y.transpose(1, 2).flatten(2))


class OfTheWhole(Summary):
    def length(self, t: Tensor) -> Tensor:
        return t.square().sum((-2, -1), keepdim=True).sqrt()


class OfMagnitudes(Summary):
    def length(self, t: Tensor) -> Tensor:
        return t.abs().sum(-1, keepdim=True)


@pytest.mark.parametrize("faulty", [OfTheWhole, OfMagnitudes])
def test_another_norm_of_the_summary_is_a_departure(faulty: type[nn.Module]) -> None:
    finding = finding_of("equivalence", faulty, "ufo")
    assert finding.status == "violated", finding.message
    assert finding.location is not None
    lines, first = inspect.getsourcelines(faulty)
    assert first <= finding.location.line < first + len(lines)


def test_the_norm_itself_is_none() -> None:
    assert finding_of("equivalence", Summary, "ufo").status == "holds"
