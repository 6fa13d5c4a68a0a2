"""Dims that follow from what the user states: shapes of inputs and constructor arguments."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from attncheck.data.formula import Formula
from attncheck.signature.convention import Convention

if TYPE_CHECKING:
    from attncheck.subject.subject import Subject

_SIZES = frozenset({"B", "N", "M", "H", "W"})
_LEAST, _FAR = 4, 64
_GROWN, _APART = 512, 16
"""How far sizes that nobody has stated may grow, all alike and each on its own."""


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
    passed |= (
        {"H", "W"} if any(a.made and "height" in a.made for a in convention.arguments) else set()
    )
    for name in axes & set(overrides):
        text = str(subject.spec.dims.get(name, ""))
        sides = _sides(text)
        if len(sides) != 2 or set(sides) & axes:
            continue
        count = found.pop(name)
        pairs = [(h, count // h) for h in range(1, count + 1) if count % h == 0]
        pairs.sort(key=lambda p: ((p[0] == p[1]) == (set(sides) <= passed), abs(p[0] - p[1]), p))
        whole = [{**found, **dict(zip(sides, pair, strict=True))} for pair in pairs]
        fits = [o for o in whole if Formula(text).evaluate(subject.dims_with(**o)) == count]
        inside = [o for o in fits if _inside(subject, o)]
        return next(iter(inside or fits), dict(overrides))
    return found


def _sides(text: str) -> list[str]:
    """Return the names of a product of two dims as it is written, height first."""
    parts = [part.strip() for part in text.split("*")]
    return parts if len(parts) == 2 and all(p.isidentifier() for p in parts) else []


def into_domain(subject: Subject, overrides: Mapping[str, int]) -> dict[str, int]:
    """Return overrides under which the base case lies in the spec's domain, if one dim can do it.

    Who states a width of 32 says nothing of heads: three of them, the spec's default, would be
    our mistake and not the module's. The dim that gives way is a number that nobody has stated;
    a width grows until the author's reduction leaves it some channels; the nearest value wins.
    """
    found = _sized(subject, overrides)
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


def _sized(subject: Subject, overrides: Mapping[str, int]) -> dict[str, int]:
    """Return overrides whose free lengths and sides are grown to where the author's numbers ask.

    Sixteen landmarks want more than the spec's eight tokens. All grow alike first, then each on
    its own; what nothing helps is left as it is.
    """
    found = dict(overrides)
    names = {n for text in _broken(subject, found) for n in Formula(text).names}
    free = [n for n, text in subject.spec.dims.items() if n in _SIZES and isinstance(text, int)]
    own = {n: subject.dims_with(**found)[n] for n in free if n in names - {"B", *overrides}}
    alike = [(extra,) * len(own) for extra in range(_GROWN)]
    apart = sorted(itertools.product(range(_APART), repeat=min(len(own), 2)), key=sum)
    for extras in (*alike, *apart) if own else ():
        other = {n: size + more for (n, size), more in zip(own.items(), extras, strict=False)}
        if not _broken(subject, {**found, **other}, set(own)):
            return {**found, **other}
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
        for text in _broken(subject, {})
    ]
    return f"outside the spec's domain, which is {' and '.join(broken)}" if broken else ""


def _broken(
    subject: Subject, overrides: Mapping[str, int], among: set[str] | None = None
) -> list[str]:
    """Return the conditions of the spec's domain that are not met, those that name a dim alone."""
    dims = subject.dims_with(**overrides)
    formulas = [Formula(text) for text in subject.spec.domain.values()]
    asked = [f for f in formulas if among is None or f.names & among]
    return [formula.text for formula in asked if not formula.evaluate(dims)]


def _inside(subject: Subject, overrides: Mapping[str, int]) -> bool:
    return subject.in_domain(subject.dims_with(**overrides))
