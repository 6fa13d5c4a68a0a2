"""Parameters that look like something else: a width that a helper may call, h beside H."""

from __future__ import annotations

from inspect import isfunction
from typing import Any

from torch import Tensor, nn

from attncheck.catalogue import load
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.subject import Subject


def own_or(value, other):  # type: ignore[no-untyped-def]
    if value is not None:
        return value
    return other() if isfunction(other) else other


class Crossed(nn.Module):
    """A width that stands in for another, through a helper that would call a function."""

    def __init__(self, query_dim, context_dim=None, heads=8, dim_head=64) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        context_dim = own_or(context_dim, query_dim)  # type: ignore[no-untyped-call]
        self.q = nn.Linear(query_dim, heads * dim_head)
        self.k = nn.Linear(context_dim, heads * dim_head)
        self.out = nn.Linear(heads * dim_head, query_dim)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        seen = self.q(x) @ self.k(context).transpose(1, 2)
        return self.out(seen @ self.k(context))  # type: ignore[no-any-return]


class OfAMap(nn.Module):
    """Tokens of a map of H × W, in h heads."""

    def __init__(self, d_model: int, h: int, H: int = 7, W: int = 7) -> None:
        super().__init__()
        assert d_model % h == 0
        self.places = nn.Linear(H * W, H * W)
        self.layer = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.places(x.transpose(1, 2)).transpose(1, 2)
        return self.layer(seen)  # type: ignore[no-any-return]


class OfKnownKernels(nn.Module):
    """A kernel that is one of those that the branches are written for."""

    def __init__(self, dim: int, k_size: int) -> None:
        super().__init__()
        if k_size == 7:
            self.depthwise = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        elif k_size == 11:
            self.depthwise = nn.Conv2d(dim, dim, 11, padding=5, groups=dim)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.depthwise(x)  # type: ignore[no-any-return]


class FarAway(nn.Module):
    """A distance with a word before its usual name."""

    def __init__(self, dim: int, rel_max_distance: int = 128) -> None:
        super().__init__()
        self.layer = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)  # type: ignore[no-any-return]


def prepared(factory: Any, spec: str) -> Subject:
    subject, failure = prepare(load(spec).document, Request("it", "it", factory=factory))
    assert failure is None, failure
    return subject


def symbols(factory: Any, spec: str) -> dict[str, str]:
    return dict(prepared(factory, spec).binding.symbolic)


def test_a_width_of_a_layer_is_a_number_though_a_helper_may_call_it() -> None:
    assert symbols(Crossed, "cross")["query_dim"] == "C"


def test_h_beside_a_height_is_a_number_of_heads() -> None:
    found = symbols(OfAMap, "emsa")
    assert found["h"] == "heads"


def test_values_that_the_constructor_asks_for_are_tried() -> None:
    subject = prepared(OfKnownKernels, "lska")
    assert subject.binding.arguments(subject.dims)["k_size"] == 7
    assert subject.dims["k"] == 7


def test_a_longer_name_of_an_authors_number_is_that_number() -> None:
    assert prepared(FarAway, "t5-bias").dims["farthest"] == 128
