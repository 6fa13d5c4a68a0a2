"""The exact polynomial through counts: what a cost is as a function of the size, not a slope.

Counts are whole numbers, so that a polynomial found through a few sizes can be held against
further ones, to the last unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

DEGREE = 4
"""The highest power that is looked for: N² over a square map is the side to the fourth."""
POINTS = DEGREE + 3
"""Sizes that are needed: one per coefficient, and two that the polynomial must foretell."""


@dataclass(frozen=True)
class Polynomial:
    """``coefficients[i] · s^i``; exact."""

    coefficients: tuple[Fraction, ...]

    def __call__(self, size: int) -> Fraction:
        return sum((c * size**i for i, c in enumerate(self.coefficients)), Fraction(0))

    @property
    def degree(self) -> int:
        """The highest power with a coefficient; 0 of a constant."""
        return max((i for i, c in enumerate(self.coefficients) if c), default=0)

    def words(self, name: str, per: int = 1) -> str:
        """Return ``16·N^1.5 + 1348·N``, largest power first.

        Args:
            name: what the size is called.
            per: how many powers of the size make one of ``name``: 2 where ``name`` counts the
                positions of a square map and the size is its side.
        """
        terms = [
            f"{_number(c)}{_power(name, Fraction(i, per))}"
            for i, c in reversed(list(enumerate(self.coefficients)))
            if c
        ]
        return " + ".join(terms).replace("+ -", "- ") or "0"


def through(points: Sequence[tuple[int, int]]) -> Polynomial | None:
    """Return the polynomial through the first points that the others confirm, or None.

    Args:
        points: (size, count), :data:`POINTS` of them or more, sizes pairwise different.
    """
    known = points[: DEGREE + 1]
    found = Polynomial(_interpolate(known))
    if len(points) < POINTS or any(found(size) != count for size, count in points):
        return None
    return found


def _interpolate(points: Sequence[tuple[int, int]]) -> tuple[Fraction, ...]:
    """Return the coefficients of Newton's polynomial, lowest power first."""
    sizes = [size for size, _ in points]
    column = [Fraction(count) for _, count in points]
    divided = [column[0]]
    for step in range(1, len(points)):
        column = [
            (after - before) / (sizes[at + step] - sizes[at])
            for at, (before, after) in enumerate(pairwise(column))
        ]
        divided.append(column[0])
    total = [Fraction(0)] * len(points)
    basis = [Fraction(1)]
    for at, coefficient in enumerate(divided):
        for power, factor in enumerate(basis):
            total[power] += coefficient * factor
        if at + 1 < len(points):
            shifted = [Fraction(0), *basis]
            padded = [*basis, Fraction(0)]
            basis = [high - sizes[at] * low for high, low in zip(shifted, padded, strict=True)]
    return tuple(total)


def _number(value: Fraction) -> str:
    return (
        f"{value.numerator:,}"
        if value.denominator == 1
        else f"{value.numerator}/{value.denominator}"
    )


def _power(name: str, power: Fraction) -> str:
    if power == 0:
        return ""
    return f"·{name}" if power == 1 else f"·{name}^{float(power):g}"
