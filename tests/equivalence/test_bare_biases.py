"""Biases beside a fused matrix belong to any of its parts: BEiT's queries and values have one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.deciding import finding_of


class Beit(nn.Module):
    power = 0.5

    def __init__(self, dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias, self.v_bias = nn.Parameter(torch.zeros(dim)), nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)

    def bias(self) -> Tensor:
        return torch.cat((self.q_bias, torch.zeros_like(self.v_bias), self.v_bias))

    def forward(self, x: Tensor) -> Tensor:
        parts = F.linear(x, self.qkv.weight, self.bias()).unflatten(-1, (3, self.heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        weights = (q @ k.mT / q.shape[-1] ** self.power).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).flatten(2))


class OfKeys(Beit):
    """Other names, and the first of them is the keys'."""

    def __init__(self, dim: int, num_heads: int = 4) -> None:
        super().__init__(dim, num_heads)
        self.first, self.second = self.q_bias, self.v_bias
        del self.q_bias, self.v_bias

    def bias(self) -> Tensor:
        return torch.cat((torch.zeros_like(self.first), self.first, self.second))


class Unscaled(Beit):
    power = 0.0


@pytest.mark.parametrize("factory", [Beit, OfKeys])
def test_biases_of_some_parts_are_proven(factory: type[Beit]) -> None:
    finding = finding_of("equivalence", factory, "mha")
    assert finding.status.value == "holds", finding.message


def test_a_fault_beside_them_is_named() -> None:
    finding = finding_of("equivalence", Unscaled, "mha")
    assert finding.counts
    assert "no division" in finding.message
