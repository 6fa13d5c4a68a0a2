"""What became of each attention, and what of that is worse."""

from __future__ import annotations

import pytest

from attncheck.commands.diff.attention import changes_of, target_in, worse
from attncheck.data.changes import Attention


def attention(place: str, verdict: str = "conforms", **said: str) -> Attention:
    told = {"name": "SE", "mechanism": "se", "known": "proven", **said}
    return Attention(place=place, verdict=verdict, **told)  # type: ignore[arg-type]


def by_place(*attentions: Attention) -> dict[str, Attention]:
    return {one.place: one for one in attentions}


def test_those_that_change_alike_share_a_line() -> None:
    before = by_place(*(attention(f"blocks.{n}.se") for n in range(3)))
    after = by_place(*(attention(f"blocks.{n}.se", "violates") for n in range(3)))
    (change,) = changes_of(before, after, str)
    assert (change.kind, change.what) == ("changed", ["verdict"])
    assert change.places == ["blocks.0.se", "blocks.1.se", "blocks.2.se"]
    assert list(worse([change])) == ["SE conformed, and violates now: blocks.0.se and 2 more"]


def test_sizes_keep_nothing_apart_of_which_the_same_is_told() -> None:
    before = by_place(attention("a", shapes="8"), attention("b", shapes="16"))
    after = by_place(attention("a", shapes="9"), attention("b", shapes="17"))
    (change,) = changes_of(before, after, str)
    assert (change.what, change.places) == (["shapes"], ["a", "b"])


def test_under_another_name_it_is_moved_and_no_worse() -> None:
    (change,) = changes_of(
        by_place(attention("a.3")), by_place(attention("a.4")), {"a.3": "a.4"}.get
    )
    assert change.kind == "moved"
    assert not list(worse([change]))


def test_another_line_in_what_is_said_is_no_change() -> None:
    before = by_place(attention("a", "undecided", said="not found (line 12)"))
    after = by_place(attention("a", "undecided", said="not found (line 15)"))
    (change,) = changes_of(before, after, str)
    assert change.kind == "same"


def test_a_class_in_another_file_is_moved() -> None:
    (change,) = changes_of(by_place(attention("se.py:SE")), by_place(attention("gates.py:SE")), str)
    assert (change.kind, change.places) == ("moved", ["gates.py:SE"])


WORSE = {
    ("conforms", "violates"): True,
    ("conforms", "undecided"): True,
    ("conforms", ""): True,
    ("undecided", "violates"): True,
    ("", "violates"): True,
    ("conforms", "variant"): False,
    ("violates", "undecided"): False,
    ("undecided", ""): False,
    ("violates", "conforms"): False,
    ("conforms", None): True,
    (None, "violates"): True,
    (None, "undecided"): False,
}


@pytest.mark.parametrize("verdicts", WORSE)
def test_worse_is_what_says_less_for_it(verdicts: tuple[str | None, str | None]) -> None:
    sides = [{} if v is None else by_place(attention("a", v)) for v in verdicts]
    assert bool(list(worse(changes_of(sides[0], sides[1], str)))) is WORSE[verdicts]


def test_a_variant_is_worse_where_that_is_asked() -> None:
    changes = changes_of(by_place(attention("a")), by_place(attention("a", "variant")), str)
    assert list(worse(changes, strict=True)) == ["SE conformed, and is a variant now: a"]


@pytest.mark.parametrize(
    ("target", "place", "name"),
    [
        ("models/se.py:SE", "models/", "se.py:SE"),
        ("models/a/se.py:SE", "models", "a/se.py:SE"),
        ("se.py:SE", "se.py", "SE"),
        ("se.py:SE", "se.py:SE", "SE"),
        ("pkg.layers.se:SE", "pkg", "layers.se:SE"),
    ],
)
def test_a_class_is_named_from_its_place_on(target: str, place: str, name: str) -> None:
    assert target_in(target, place) == name
