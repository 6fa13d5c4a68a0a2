"""Sizes that an assignment leaves open, or that nothing can have, end no search."""

from __future__ import annotations

from types import SimpleNamespace

from attncheck.data.formula import Formula
from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.inner_heads import heads_innermost
from attncheck.equivalence.matching import Matcher
from attncheck.reference.mla import mla


def test_sizes_by_which_nothing_can_be_divided_are_outside_the_domain() -> None:
    matcher = SimpleNamespace(domain=[Formula("C % 8 == 0 and C % g == 0")])
    inside = Matcher._in_domain
    assert inside(matcher, {"C": 16, "g": 4}, {"g"})  # type: ignore[arg-type]
    assert not inside(matcher, {"C": 16, "g": 0}, {"g"})  # type: ignore[arg-type]


def test_a_slot_whose_size_is_open_has_no_heads_to_turn() -> None:
    (name,) = (n for n, slot in mla.slots.items() if "q_latent*q_low" in str(slot.sizes[0]))
    values = {"C": 16, "heads": 4, "turned": 2, "q_low": False, "rope": True}
    part = SimpleNamespace(columns=None, rows=None)
    assignment = Assignment.__new__(Assignment)
    object.__setattr__(assignment, "parts", {name: part})
    object.__setattr__(assignment, "values", values)
    assert [*heads_innermost(mla, [assignment])] == []
