"""Between the input and what is observed there are linear maps, or also rectifiers."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from attncheck.data.report import Finding, Status
from tests.deciding import finding_of


class Squeeze(nn.Module):
    def __init__(self, channel: int, reduction: int = 4) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channel, channel // reduction)
        self.fc2 = nn.Linear(channel // reduction, channel)

    def hidden(self, t: torch.Tensor) -> torch.Tensor:
        return F.relu(t)

    def gate(self, t: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(t)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        u = self.fc2(self.hidden(self.fc1(x.mean((2, 3)))))
        return x * self.gate(u)[..., None, None]


class SqueezeByHand(Squeeze):
    """ReLU and sigmoid written out."""

    def hidden(self, t: torch.Tensor) -> torch.Tensor:
        return (t + t.abs()) / 2

    def gate(self, t: torch.Tensor) -> torch.Tensor:
        return 0.5 * (1 + torch.tanh(t / 2))


class Gelu(Squeeze):
    def hidden(self, t: torch.Tensor) -> torch.Tensor:
        return F.gelu(t)


class NoReLU(Squeeze):
    def hidden(self, t: torch.Tensor) -> torch.Tensor:
        return t


class GatedTwice(Squeeze):
    def gate(self, t: torch.Tensor) -> torch.Tensor:
        return t.sigmoid().sigmoid()


class OneHiddenUnit(Squeeze):
    """Often dead, and then without a change."""

    def __init__(self, channel: int) -> None:
        super().__init__(channel, channel)


class Attention(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(dim, dim) for _ in range(4))

    def values(self, t: torch.Tensor) -> torch.Tensor:
        return self.v(t)

    def queries(self, t: torch.Tensor) -> torch.Tensor:
        return self.q(t)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.queries(x) @ self.k(x).mT / x.shape[-1] ** 0.5
        return x + self.out(scores.softmax(-1) @ self.values(x))


class Fused(Attention):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (t[:, None] for t in (self.q(x), self.k(x), self.v(x)))
        return x + self.out(F.scaled_dot_product_attention(q, k, v)[:, 0])


class ActivatedValues(Attention):
    def values(self, t: torch.Tensor) -> torch.Tensor:
        return self.v(t).relu()


class ActivatedQueries(Attention):
    def queries(self, t: torch.Tensor) -> torch.Tensor:
        return self.q(t).relu()


def gate(factory: type, **parameters: Any) -> Finding:
    wanted = {"of": "gate logit", "pieces": True, **parameters}
    return finding_of("linear", factory, "se", parameters=wanted)


@pytest.mark.parametrize("factory", [Squeeze, SqueezeByHand])
def test_a_rectifier_and_a_sigmoid_are_seen_however_they_are_written(factory: type) -> None:
    assert gate(factory).status is Status.HOLDS


@pytest.mark.parametrize("factory", [Gelu, NoReLU, GatedTwice])
def test_another_activation_is_found(factory: type) -> None:
    assert gate(factory).status is Status.VIOLATED


def test_one_hidden_unit_is_not_accused() -> None:
    assert gate(OneHiddenUnit).status is not Status.VIOLATED


@pytest.mark.parametrize("factory", [Attention, Fused])
def test_attention_is_linear_in_equal_tokens(factory: type) -> None:
    finding = finding_of("linear", factory, "tokens", parameters={"alike": True})
    assert finding.status is Status.HOLDS


def test_an_activation_on_the_values_is_found() -> None:
    finding = finding_of("linear", ActivatedValues, "tokens", parameters={"alike": True})
    assert finding.status is Status.VIOLATED


@pytest.mark.parametrize("factory", [Attention, Fused, ActivatedValues])
def test_scores_are_of_degree_two(factory: type) -> None:
    wanted = {"of": "scores", "degree": 2}
    assert finding_of("linear", factory, "tokens", parameters=wanted).status is Status.HOLDS


def test_an_activation_on_the_queries_is_found() -> None:
    wanted = {"of": "scores", "degree": 2}
    finding = finding_of("linear", ActivatedQueries, "tokens", parameters=wanted)
    assert finding.status is Status.VIOLATED


def test_without_a_softmax_scores_are_undecided() -> None:
    wanted = {"of": "scores", "degree": 2}
    assert finding_of("linear", Squeeze, "se", parameters=wanted).status is Status.UNDECIDED


class Product(Attention):
    """Scores divided by the number of tokens, as the non-local block in its product form."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.q(x) @ self.k(x).mT / x.shape[1] @ self.v(x))


def test_a_claim_on_softmax_attention_says_nothing_of_others() -> None:
    wanted = {"alike": True, "softmax": True}
    assert finding_of("linear", Product, "tokens", parameters=wanted).status is Status.SKIPPED
    assert finding_of("linear", Attention, "tokens", parameters=wanted).status is Status.HOLDS
