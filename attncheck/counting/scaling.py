"""How a subject's cost grows with its input, read off shapes on ``meta``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attncheck.counting.polynomial import POINTS, Polynomial, through
from attncheck.counting.predicted import Predicted, predict
from attncheck.subject import Subject

_LONGEST_UNIT = 16
_FIRST = 3
"""Sizes begin at three units: at one, windows and pools still cover the whole input."""


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
        if all(subject.in_domain(dims) for _, dims in found):
            yield from found
            return
