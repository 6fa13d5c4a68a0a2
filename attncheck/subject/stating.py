"""Dims that follow from what the user states: shapes of inputs and constructor arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from attncheck.data.formula import Formula
from attncheck.signature.convention import Convention

if TYPE_CHECKING:
    from attncheck.subject.subject import Subject

_SIZES = frozenset({"B", "N", "M", "H", "W"})
_LEAST, _FAR = 4, 64


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


def with_sides(
    subject: Subject, convention: Convention, overrides: Mapping[str, int]
) -> dict[str, int]:
    """Return overrides in which height and width agree with the stated count of tokens.

    Sides that differ come first where they are passed as numbers, a square where the module must
    guess it.
    """
    found = dict(overrides)
    axes = {axis for own in convention.inputs.values() for axis in own}
    passed = {a.input for a in convention.arguments if not a.axes}
    for name in axes & set(overrides):
        text = subject.spec.dims.get(name)
        sides = list(_in_order(text)) if isinstance(text, str) else []
        if len(sides) != 2 or set(sides) & axes:
            continue
        count = found.pop(name)
        pairs = [(h, count // h) for h in range(1, count + 1) if count % h == 0]
        pairs.sort(key=lambda p: ((p[0] == p[1]) == (set(sides) <= passed), abs(p[0] - p[1]), p))
        whole = ({**found, **dict(zip(sides, pair, strict=True))} for pair in pairs)
        inside = (o for o in whole if Formula(text or "").evaluate(subject.dims_with(**o)) == count)
        tried = list(inside)
        found = next((o for o in tried if _inside(subject, o)), tried[0] if tried else overrides)
        return dict(found)
    return found


def _in_order(text: str) -> Iterator[str]:
    """Yield the names of a product of two dims as it is written, height first."""
    parts = [part.strip() for part in text.split("*")]
    return iter(parts if len(parts) == 2 and all(p.isidentifier() for p in parts) else [])


def into_domain(subject: Subject, overrides: Mapping[str, int]) -> dict[str, int]:
    """Return overrides under which the base case lies in the spec's domain, if one dim can do it.

    Who states a width of 32 says nothing of heads: three of them, the spec's default, would be
    our mistake and not the module's. The dim that gives way is a number that nobody has stated;
    a width grows until the author's reduction leaves it some channels; the nearest value wins.
    """
    found = dict(overrides)
    if _inside(subject, found) and _wide_enough(subject, found):
        return found
    for enough in (_wide_enough, lambda *_: True):
        for name, default in subject.spec.dims.items():
            if name in overrides or name in _SIZES or not isinstance(default, int):
                continue
            if name != "C" and name not in subject.binding.follows:
                continue
            for size in _nearest(name, default):
                other = {**found, name: size}
                if _inside(subject, other) and enough(subject, other):
                    return other
    return found


def _nearest(name: str, default: int) -> Iterator[int]:
    """Yield sizes around a dim's default, a width's only above it and far."""
    if name == "C":
        yield from range(default, _FAR * default + 1)
    for step in range(1, default + 1):
        yield default + step
        if default > step:
            yield default - step


def _wide_enough(subject: Subject, overrides: Mapping[str, int]) -> bool:
    """Say whether what the author divides the width by leaves as many channels as make a case.

    Behind two hidden channels a ReLU may hide everything.
    """
    dims = subject.dims_with(**overrides)
    divisors = [dims[n] for n in ("r", "heads") if n in dims and n in subject.binding.fixed]
    return all(dims.get("C", 0) >= _LEAST * divisor for divisor in divisors)


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
