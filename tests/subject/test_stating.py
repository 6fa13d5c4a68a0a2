"""What the user states of a call is kept; what nobody states gives way to it."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from attncheck.catalogue import load
from attncheck.signature.inputs import parse_input
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.stating import outside
from attncheck.subject.subject import Subject


class SelfAttention(nn.Module):
    """Heads of a width that must divide the model's."""

    def __init__(self, dim: int, num_heads: int = 8) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, num_heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> same."""
        return self.attention(x, x, x)[0]  # type: ignore[no-any-return]


class AnyHeads(SelfAttention):
    """Says nothing of how many."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__(dim, num_heads)


class CrossAttention(nn.Module):
    """One width for queries and keys."""

    def __init__(self, dim: int, num_heads: int = 8) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, num_heads, batch_first=True)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(B, N, C) and (B, M, C) -> (B, N, C)."""
        return self.attention(x, context, context)[0]  # type: ignore[no-any-return]


def prepared(factory: type[nn.Module], *inputs: str, **arguments: int) -> Subject:
    given = [parse_input(text) for text in inputs]
    request = Request("test", "test", factory=factory, arguments=arguments, inputs=given)
    subject, failure = prepare(load("mha").document, request)
    assert failure is None
    return subject


def test_the_authors_heads_stand_whatever_the_spec_says() -> None:
    subject = prepared(SelfAttention, "2x8x32")
    assert subject.dims["C"] == 32
    assert subject.dims["heads"] == 8
    assert prepared(SelfAttention).dims["C"] % 8 == 0


def test_heads_that_nobody_states_divide_the_stated_width() -> None:
    subject = prepared(AnyHeads, "2x8x32")
    assert subject.dims["C"] == 32
    assert subject.dims["heads"] == 4


def test_a_width_that_nobody_states_is_a_multiple_of_the_stated_heads() -> None:
    subject = prepared(SelfAttention, num_heads=5)
    assert subject.dims["heads"] == 5
    assert subject.dims["C"] == 50


def test_stated_numbers_that_contradict_each_other_are_left_alone() -> None:
    request = Request(
        "test",
        "test",
        factory=SelfAttention,
        arguments={"num_heads": 5},
        inputs=[parse_input("2x8x32")],
    )
    subject, failure = prepare(load("mha").document, request)
    assert failure is not None
    assert (subject.dims["C"], subject.dims["heads"]) == (32, 5)
    assert outside(subject).endswith("C % heads == 0 (C = 32, heads = 5)")
    assert not outside(prepared(SelfAttention))


@pytest.mark.parametrize("width", [24, 32])
def test_keys_as_wide_as_the_queries_stay_so(width: int) -> None:
    subject = prepared(CrossAttention, f"x=2x6x{width}", f"context=2x8x{width}")
    assert {case.dims["C"] for case in subject.lattice()} == {width, 2 * width}
    assert all(case.dims["D"] == case.dims["C"] for case in subject.lattice())
    assert subject.dims["M"] == 8


class Gate(nn.Module):
    """Takes its width by a name that nobody has listed."""

    def __init__(self, n_channels_in: int) -> None:
        super().__init__()
        self.fc = nn.Linear(n_channels_in, n_channels_in)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        return x * self.fc(x.mean((2, 3))).sigmoid()[:, :, None, None]


@pytest.mark.parametrize("arguments", [{}, {"n_channels_in": 20}])
def test_a_known_name_with_its_words_in_another_order_is_known(arguments: dict[str, int]) -> None:
    request = Request("test", "test", factory=Gate, arguments=arguments)
    subject, failure = prepare(load("map").document, request)
    assert failure is None
    assert subject.dims["C"] == arguments.get("n_channels_in", 32)


class FewLandmarks(nn.Module):
    """Sixteen landmarks by default, exact attention where the length does not fit them."""

    def __init__(self, dim: int = 64, num_heads: int = 4, landmarks: int = 16) -> None:
        super().__init__()
        self.landmarks = landmarks
        self.attention = nn.MultiheadAttention(dim, num_heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> same."""
        return self.attention(x, x, x)[0]  # type: ignore[no-any-return]


def test_a_length_that_nobody_states_grows_to_where_the_authors_numbers_ask() -> None:
    request = Request("test", "test", factory=FewLandmarks)
    subject, failure = prepare(load("nystrom").document, request)
    assert failure is None
    assert subject.dims["landmarks"] == 16
    assert subject.dims["N"] == 32
    assert not outside(subject)


def test_a_stated_length_is_kept_outside_the_domain() -> None:
    request = Request("test", "test", factory=FewLandmarks, inputs=[parse_input("2x24x64")])
    subject, _ = prepare(load("nystrom").document, request)
    assert subject.dims["N"] == 24
    assert "landmarks" in outside(subject)
