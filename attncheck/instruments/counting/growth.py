"""How a subject's cost grows with its input, read off shapes on ``meta``.

A cost is an exact polynomial of the size, not a slope: counts are whole numbers, so that one found
through a few sizes can be held against further ones, to the last unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from attncheck.instruments.counting.predicted import Predicted, predict
from attncheck.subject.subject import Subject

_LONGEST_UNIT = 16
_FIRST = 3
"""Sizes begin at three units: at one, windows and pools still cover the whole input."""

DEGREE = 4
"""The highest power that is looked for: N² over a square map is the side to the fourth."""
POINTS = DEGREE + 3
"""Sizes that are needed: one per coefficient, and two that the polynomial must foretell."""


@dataclass(frozen=True)
class Scaling:
    """Cost against size.

    Attributes:
        name: what counts the size: ``N``, positions of a square map or tokens.
        per: powers of the size in one power of ``name``: 2 for the side of a square map.
        points: (size, cost) for each size that was tried.
        macs, memory: the exact polynomials in the size; None where there is none.
    """

    name: str
    per: int
    points: tuple[tuple[int, Predicted], ...]
    macs: Polynomial | None
    memory: Polynomial | None

    def words(self, of: str) -> str:
        """Return the polynomial of ``macs`` or ``memory`` in N; "" without one."""
        found: Polynomial | None = getattr(self, of)
        return "" if found is None else found.words(self.name, self.per)

    def order(self, of: str) -> float | None:
        """Return the exponent of N in the leading term of ``macs`` or ``memory``."""
        found: Polynomial | None = getattr(self, of)
        return None if found is None else self._order(found)

    def leaves(self, order: float, layers: Sequence[str] = ()) -> bool:
        """Say whether the MACs grow with this order, a host's own layers left out.

        Matrix products over one element are left out too: they may count as none. Something
        must be left.
        """
        left = [
            (size, cost.macs - cost.outer - sum(cost.parts.get(name, 0) for name in layers))
            for size, cost in self.points
        ]
        found = through(left)
        return found is not None and any(found.coefficients) and self._order(found) == order

    def _order(self, found: Polynomial) -> float:
        return found.degree / self.per


def scaling(subject: Subject, *, memory: bool = True) -> Scaling | None:
    """Return how MACs and peak bytes grow; None where the module's sizes are fixed.

    Args:
        subject: what is called, at seven sizes.
        memory: whether to follow memory too, which takes as long again.

    Raises:
        SubjectError: the module cannot be run on shapes alone.
    """
    names = varied(subject)
    if not names:
        return None
    points = tuple(
        (size, predict(subject, dims, memory=memory)) for size, dims in _sizes(subject, names)
    )
    if not points:  # no sizes of this kind lie in the domain
        return None
    unknown = not memory or any(cost.fused for _, cost in points)
    return Scaling(
        name="N",
        per=2 if "H" in names else 1,
        points=points,
        macs=through([(size, cost.macs) for size, cost in points]),
        memory=None if unknown else through([(size, cost.memory) for size, cost in points]),
    )


def varied(subject: Subject) -> tuple[str, ...]:
    """Return the dims that are varied together: both sides of a map, or the tokens and keys."""
    for names in (("H", "W"), ("N", "M"), ("N",)):
        if {*names} <= subject.variable:
            return names
    return ()


def _sizes(subject: Subject, names: tuple[str, ...]) -> Iterator[tuple[int, dict[str, int]]]:
    """Yield as many sizes as a polynomial needs, multiples of the smallest unit in the domain."""
    wanted = range(_FIRST, _FIRST + POINTS)
    for unit in range(1, _LONGEST_UNIT + 1):
        found = [(unit * k, subject.dims_with(**dict.fromkeys(names, unit * k))) for k in wanted]
        taken = all(dims[name] == size for size, dims in found for name in names)
        if taken and all(subject.in_domain(dims) for _, dims in found):
            yield from found
            return


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
