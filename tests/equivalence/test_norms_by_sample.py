"""The norm of the Annotated Transformer: its deviation is over n - 1, which its scale takes up."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.deciding import finding_of
from tests.thorough import THOROUGH


class Norm(nn.Module):
    power = 1.0

    def __init__(self, features: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.a_2, self.b_2 = (nn.Parameter(f(features)) for f in (torch.ones, torch.zeros))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        mean, std = x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
        return self.a_2 * (x - mean) / (std + self.eps) ** self.power + self.b_2


class ByVariance(Norm):
    power = 2.0


class Block(nn.Module):
    norm: type[nn.Module] = Norm

    def __init__(self, d_model: int, heads: int = 4, d_ff: int = 96) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = self.norm(d_model), self.norm(d_model)
        self.q, self.k, self.v, self.out = (nn.Linear(d_model, d_model) for _ in range(4))
        self.ff = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        n = self.norm_1(x)
        q, k, v = self.split(self.q(n)), self.split(self.k(n)), self.split(self.v(n))
        weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).flatten(2))
        return x + self.ff(self.norm_2(x))


class Wrong(Block):
    norm = ByVariance


def test_a_deviation_over_one_less_is_a_layer_norm() -> None:
    finding = finding_of("equivalence", Block, "prenorm-block")
    assert finding.status.value == "holds", finding.message


@pytest.mark.skipif(not THOROUGH, reason="a search of many seconds: nox -s thorough")
def test_division_by_the_variance_is_none() -> None:
    assert finding_of("equivalence", Wrong, "prenorm-block").status.value != "holds"
