"""A thousand tokens are taken as well as a few."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.attention import Attention
from tests.deciding import finding_of
from tests.source.marked import marked


class EndsSomewhere(Attention):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.register_buffer("places", torch.randn(128, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.places[: x.shape[1]]  # <- here
        return self.attend(x, x)


class EndsWhereOneSays(Attention):
    def __init__(self, dim: int, heads: int, max_len: int = 128) -> None:
        super().__init__(dim, heads)
        self.register_buffer("places", torch.randn(max_len, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.places[: x.shape[1]]
        return self.attend(x, x)


class SaysSo(EndsSomewhere):
    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[1] <= 128, "too long"
        return super().forward(x)


class DividesByDecay(Attention):
    def forward(self, x: Tensor) -> Tensor:
        decay = 0.5 ** torch.arange(x.shape[1], dtype=x.dtype)[:, None]
        x = (x * decay).cumsum(1)
        x = x / decay  # <- here
        return self.attend(x, x)


class TakesOneLength(Attention):
    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y + y.new_ones(x.shape[0], 7, 1).expand(x.shape[0], 7, y.shape[-1])


def test_a_table_that_ends_is_named_with_its_line() -> None:
    finding = finding_of("long-sequences", EndsSomewhere, "tokens")
    assert (finding.status, finding.limit) == ("violated", "long-sequences")
    assert "at N=126 it works" in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(EndsSomewhere)


def test_what_underflows_in_a_long_sequence_is_named_with_its_line() -> None:
    finding = finding_of("long-sequences", DividesByDecay, "tokens")
    assert finding.status == "violated"
    assert "NaN or infinite" in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(DividesByDecay)


def test_an_end_that_the_constructor_or_the_module_says_is_no_limit() -> None:
    finding = finding_of("long-sequences", EndsWhereOneSays, "tokens")
    assert (finding.status, finding.message) == (
        "holds",
        "as long as its constructor says: max_len=128",
    )
    assert "says which sizes it takes" in finding_of("long-sequences", SaysSo, "tokens").message


def test_one_length_alone_is_another_claims() -> None:
    assert finding_of("long-sequences", TakesOneLength, "tokens").status == "skipped"


def test_how_it_grows_is_told() -> None:
    finding = finding_of("long-sequences", Attention, "tokens")
    assert finding.status == "holds"
    assert finding.evidence["macs"] == "192·N^2 + 18,432·N"
    assert finding.evidence["at"] == "N=1029"
