"""Attention weights that come back beside the output."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from tests.attention import Attention
from tests.deciding import finding_of


class Returns(Attention):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        logits = q @ k.mT * self.scale(q)
        weights = logits.softmax(-1)
        return self.o((weights @ v).transpose(1, 2).flatten(2)), self.shown(logits, weights)

    def shown(self, logits: Tensor, weights: Tensor) -> Tensor:
        return weights


class MeanOfHeads(Returns):
    def shown(self, logits: Tensor, weights: Tensor) -> Tensor:
        return weights.mean(1)


class Logits(Returns):
    def shown(self, logits: Tensor, weights: Tensor) -> Tensor:
        return logits


class Unscaled(Returns):
    def shown(self, logits: Tensor, weights: Tensor) -> Tensor:
        return logits * 3.0


class OfAnotherAxis(Returns):
    def shown(self, logits: Tensor, weights: Tensor) -> Tensor:
        return logits.mT.softmax(-1)


class Asked(Returns):
    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        y, weights = super().forward(x)
        return (y, weights) if return_attention else y


class TheMapAlone(Returns):
    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        y, weights = super().forward(x)
        return weights if return_attention else y


class OfGroups(Asked):
    """Heads come back as groups of those that share keys."""

    def shown(self, logits: Tensor, weights: Tensor) -> Tensor:
        return weights.unflatten(1, (3, -1))


class OtherGroups(OfGroups):
    def shown(self, logits: Tensor, weights: Tensor) -> Tensor:
        return super().shown(logits, weights.mT.softmax(-1))


class NeverRead(Attention):
    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor:
        return self.attend(x, x)


class AskedForLess(Asked, Unscaled):
    pass


RIGHT = [Returns, MeanOfHeads, Logits, Asked, TheMapAlone, OfGroups, nn.MultiheadAttention]


@pytest.mark.parametrize("right", RIGHT)
def test_weights_that_weigh_the_values_hold(right: type[nn.Module]) -> None:
    finding = finding_of("returned-weights", right, "mha")
    assert finding.status == "holds", finding.message


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Unscaled, "no attention weights"),
        (OfAnotherAxis, "not those with which the values are summed"),
        (OtherGroups, "not those with which the values are summed"),
        (AskedForLess, "no attention weights"),
    ],
)
def test_a_map_that_is_something_else_is_undecided(other: type[nn.Module], words: str) -> None:
    finding = finding_of("returned-weights", other, "mha")
    assert finding.status == "undecided"
    assert finding.required
    assert words in finding.message


def test_an_output_alone_is_skipped() -> None:
    assert finding_of("returned-weights", Attention, "mha").status == "skipped"


def test_a_flag_that_nobody_reads_promises_nothing() -> None:
    finding = finding_of("returned-weights", NeverRead, "mha")
    assert (finding.status, finding.message) == ("skipped", "'return_attention' is never read")
