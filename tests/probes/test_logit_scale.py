"""The softmax reads q·k / sqrt(d), with the head's width d."""

import math

import pytest
import torch
from torch import Tensor, nn

from tests.attention import (
    Attention,
    CrossAttention,
    FusedAttention,
    MaskedAttention,
    OnlineAttention,
    TimeMajorAttention,
)
from tests.deciding import finding_of


class ModelWidth(Attention):
    def scale(self, q: Tensor) -> float:
        return float((q.shape[-1] * self.heads) ** -0.5)


class Unscaled(Attention):
    def scale(self, q: Tensor) -> float:
        return 1.0


class Multiplied(Attention):
    def scale(self, q: Tensor) -> float:
        return float(q.shape[-1] ** 0.5)


class ScaledTwice(Attention):
    def split(self, t: Tensor) -> Tensor:
        heads = super().split(t)
        return heads * heads.shape[-1] ** -0.5


class BothSides(Attention):
    def scale(self, q: Tensor) -> float:
        return 1.0

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        q, k = q * q.shape[-1] ** -0.25, k / q.shape[-1] ** 0.25
        return self.o(((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2))


class TensorScale(Attention):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        logits = torch.einsum("bhid,bhjd->bhij", q, k) / torch.tensor(q.shape[-1]).sqrt().to(q)
        return self.o((logits.softmax(-1) @ v).transpose(1, 2).flatten(2))


class OneProductPerSample(Attention):
    """Heads folded into the batch, the scale as baddbmm's alpha."""

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self.split(f(x)).flatten(0, 1) for f in (self.q, self.k, self.v))
        empty = q.new_zeros(1)
        logits = torch.baddbmm(empty, q, k.mT, beta=0, alpha=1 / math.sqrt(q.shape[-1]))
        y = torch.bmm(logits.softmax(-1), v).unflatten(0, (x.shape[0], -1))
        return self.o(y.transpose(1, 2).flatten(2))


class LearnedTemperature(Attention):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.temperature = nn.Parameter(torch.ones(1))

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        return (logits * self.temperature).softmax(-1)


@pytest.mark.parametrize("faulty", [ModelWidth, Unscaled, Multiplied, ScaledTwice])
def test_another_scale_is_found(faulty: type[nn.Module]) -> None:
    assert finding_of("logit-scale", faulty, "mha").status == "violated"


def test_the_message_names_the_width_that_was_taken() -> None:
    message = finding_of("logit-scale", ModelWidth, "mha").message
    assert "1/sqrt(48) (48 is the model's width C)" in message
    assert "1/sqrt(d) = 0.25" in message


@pytest.mark.parametrize(
    "correct",
    [
        *(Attention, CrossAttention, FusedAttention, TimeMajorAttention, BothSides),
        *(TensorScale, OneProductPerSample),
    ],
)
def test_the_right_scale_holds_wherever_it_is_applied(correct: type[nn.Module]) -> None:
    assert finding_of("logit-scale", correct, "mha").status == "holds"


def test_torchs_own_module_and_a_masked_one_hold() -> None:
    assert finding_of("logit-scale", nn.MultiheadAttention, "mha").status == "holds"
    masked = finding_of("logit-scale", MaskedAttention, "mha", inputs=("2x7x48", "2x7:pad-true"))
    assert masked.status == "holds"


@pytest.mark.parametrize("opaque", [OnlineAttention, LearnedTemperature])
def test_what_cannot_be_observed_is_undecided(opaque: type[nn.Module]) -> None:
    assert finding_of("logit-scale", opaque, "mha").status == "undecided"
