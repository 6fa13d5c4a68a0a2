"""Dims that follow from what the user states: shapes of inputs and constructor arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attncheck.data.formula import Formula

if TYPE_CHECKING:
    from attncheck.subject.subject import Subject

_SIZES = frozenset({"B", "N", "M", "H", "W"})


def without_followers(shapes: Mapping[str, int], subject: Subject) -> dict[str, int]:
    """Return the stated dims without those that the spec's formula gives anyway.

    Keys as wide as the queries stay as wide as them when another width is tried: a constructor
    with one width has but one. Sizes (tokens, height) are each on their own.
    """
    kept = dict(shapes)
    for name, text in subject.spec.dims.items():
        if name not in kept or name in _SIZES or not isinstance(text, str):
            continue
        others = {n: size for n, size in kept.items() if n != name}
        known = subject.dims_with(**others)
        names = Formula(text).names
        if names and not names & _SIZES and Formula(text).evaluate(known) == kept[name]:
            del kept[name]
    return kept


def into_domain(subject: Subject, overrides: Mapping[str, int]) -> dict[str, int]:
    """Return overrides under which the base case lies in the spec's domain, if one dim can do it.

    Who states a width of 32 says nothing of heads: three of them, the spec's default, would be
    our mistake and not the module's. The dim that gives way is a number that the constructor
    takes and that nobody has stated; the nearest value wins.
    """
    found = dict(overrides)
    if _inside(subject, found):
        return found
    for name, default in subject.spec.dims.items():
        free = name not in overrides and name in subject.binding.follows
        if not free or name in _SIZES or not isinstance(default, int):
            continue
        for step in range(1, default + 1):
            for size in (default + step, default - step):
                if size >= 1 and _inside(subject, {**found, name: size}):
                    return {**found, name: size}
    return found


def outside(subject: Subject) -> str:
    """Return the conditions of the spec's domain that the base case does not meet, or ``""``."""
    broken = [
        f"{text} ({', '.join(f'{n} = {subject.dims[n]}' for n in sorted(Formula(text).names))})"
        for text in subject.spec.domain.values()
        if not Formula(text).evaluate(subject.dims)
    ]
    return f"outside the spec's domain, which is {' and '.join(broken)}" if broken else ""


def _inside(subject: Subject, overrides: Mapping[str, int]) -> bool:
    return subject.in_domain(subject.dims_with(**overrides))
