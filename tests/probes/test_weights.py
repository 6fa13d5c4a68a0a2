"""Attention weights sum to one over the keys."""

import pytest
import torch
from torch import Tensor, nn

from tests.attention import (
    Attention,
    CrossAttention,
    FusedAttention,
    OnlineAttention,
    TimeMajorAttention,
)
from tests.deciding import finding_of


class OverBatch(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.softmax(0)


class OverHeads(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.softmax(1)


class OverQueries(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.softmax(-2)


class CrossOverQueries(CrossAttention):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.softmax(-2)


class OverSingleton(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits[..., None].softmax(-1)[..., 0]


class ExpWithoutSum(Attention):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.exp()


class DotProductNotDivided(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(dim, dim) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.q(x) @ self.k(x).mT @ self.v(x)


class ValuesOfTheirOwn(Attention):
    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = self.split(self.q(query)), self.split(self.k(key)), self.split(self.v(value))
        weights = self.normalise(q @ k.mT * self.scale(q))
        return self.o((weights @ v).transpose(1, 2).flatten(2))


class SigmoidWeights(ValuesOfTheirOwn):
    def normalise(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()


class LinearAttention(Attention):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        q, k = nn.functional.elu(q) + 1, nn.functional.elu(k) + 1
        mass = torch.einsum("bhnd,bhd->bhn", q, k.sum(2)) + 1e-6
        y = torch.einsum("bhnd,bhde->bhne", q, torch.einsum("bhnd,bhne->bhde", k, v))
        return self.o((y / mass[..., None]).transpose(1, 2).flatten(2))


class EinsumAttention(Attention):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)) for f in (self.q, self.k, self.v))
        p = torch.einsum("bihd,bjhd->bhij", q, k).softmax(-1)
        return self.o(torch.einsum("bhij,bjhd->bihd", p, v).flatten(2))


class WithPositions(Attention):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + torch.arange(x.shape[1])[:, None].to(x).sin())


@pytest.mark.parametrize(
    "faulty", [OverBatch, OverHeads, OverQueries, OverSingleton, ExpWithoutSum]
)
def test_weights_that_sum_to_something_else_are_found(faulty: type[nn.Module]) -> None:
    finding = finding_of("weights", faulty, "mha")
    assert finding.status == "violated"
    assert finding.witness is not None


def test_a_dot_product_that_is_not_divided_is_found() -> None:
    assert finding_of("weights", DotProductNotDivided, "mha").status == "violated"


def test_a_softmax_over_the_queries_of_cross_attention_is_found() -> None:
    assert finding_of("weights", CrossOverQueries, "mha").status == "violated"


def test_constant_values_show_that_sigmoid_weights_do_not_sum_to_one() -> None:
    finding = finding_of("weights", SigmoidWeights, "mha")
    assert "same value at every key" in finding.message


@pytest.mark.parametrize(
    "correct",
    [
        *(Attention, CrossAttention, FusedAttention, OnlineAttention, TimeMajorAttention),
        *(LinearAttention, EinsumAttention, ValuesOfTheirOwn, WithPositions),
    ],
)
def test_normalised_weights_of_any_style_hold(correct: type[nn.Module]) -> None:
    assert finding_of("weights", correct, "mha").status == "holds"


def test_torchs_own_module_holds() -> None:
    assert finding_of("weights", nn.MultiheadAttention, "mha").status == "holds"


def test_a_stated_number_of_slots_is_counted() -> None:
    assert finding_of("weights", Attention, "mha", parameters={"over": "N"}).status == "holds"
    finding = finding_of("weights", Attention, "mha", parameters={"over": "N - 1"})
    assert finding.status == "violated"
