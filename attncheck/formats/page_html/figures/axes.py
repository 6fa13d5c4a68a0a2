"""A plane with two axes, linear or logarithmic, its ticks and grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from attncheck.formats.page_html.figures.svg import Point, line, text


@dataclass(frozen=True)
class Axis:
    """One axis: the values at its ends, the pixels they fall on, and how a tick is written."""

    low: float
    high: float
    start: float
    end: float
    log: bool
    written: Callable[[float], str]
    label: str = ""
    marks: tuple[float, ...] = ()
    """Where the ticks are, instead of round values."""
    binary: bool = False
    """Whether round values are powers of two: bytes."""

    def at(self, value: float) -> float:
        """Return the pixel of a value; a log axis takes positive ones only."""
        low, high = self._scale(self.low), self._scale(self.high)
        return self.start + (self._scale(value) - low) / (high - low) * (self.end - self.start)

    def _scale(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def ticks(self) -> list[float]:
        """Return round values between the ends: three to seven of them where that can be."""
        if self.marks:
            return list(self.marks)
        if self.binary:
            powers = range(math.ceil(math.log2(self.low)), math.floor(math.log2(self.high)) + 1)
            return [2.0**n for n in powers][:: math.ceil(len(powers) / 6)]
        if not self.log:
            step = _step(self.high - self.low)
            first = math.ceil(self.low / step - 1e-9)
            return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for parts in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
            values = [part * 10.0**n for n in range(first, last + 1) for part in parts]
            inside = [v for v in values if self.low * 0.999 <= v <= self.high * 1.001]
            if len(inside) >= 3:
                return inside[:: math.ceil(len(inside) / 7)]
        return [self.low, self.high]


def axis(
    values: Sequence[float],
    start: float,
    end: float,
    written: Callable[[float], str],
    *,
    log: bool,
    label: str = "",
    marks: Sequence[float] = (),
    binary: bool = False,
    span: float = 1,
) -> Axis:
    """Return an axis that shows all values with some room at both ends.

    Args:
        values: what is to be shown.
        start, end: the pixels of its ends.
        written: how a tick is written.
        log: whether it is logarithmic; then all values are positive.
        label: what it shows.
        marks: where its ticks are, instead of round values.
        binary: whether round values are powers of two.
        span: the least ratio of its ends, if logarithmic: what hardly grows should look so.
    """
    low, high = min(values), max(values)
    if log:
        wider = max(span / (high / low), 1) ** 0.5
        low, high = low / wider, high * wider
        room = max((high / low) ** 0.06, 1.15)
        ends = low / room, high * room
    else:
        room = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
        ends = low - room, high + room
    return Axis(*ends, start, end, log, written, label, tuple(marks), binary)


def _step(span: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(span))
    return next(power * n for n in (0.2, 0.5, 1, 2) if span / (power * n) <= 6)


def frame(across: Axis, up: Axis) -> Iterator[Markup]:
    """Yield grid, tick labels and axis labels; ``up`` starts at the bottom."""
    left, right, top = across.start, across.end, up.end
    for value in up.ticks():
        y = up.at(value)
        yield line([(left, y), (right, y)], "grid")
        yield text(up.written(value), left - 8, y + 4, "tick", "end")
    yield from ground(across, up.start)
    if up.label:
        yield text(up.label, 0, top - 14, "label")


def ground(across: Axis, bottom: float) -> Iterator[Markup]:
    """Yield the axis below a picture, with its ticks and label."""
    left, right = across.start, across.end
    for value in across.ticks():
        x = across.at(value)
        yield line([(x, bottom), (x, bottom + 4)], "axis")
        yield text(across.written(value), x, bottom + 18, "tick", "middle")
    yield line([(left, bottom), (right, bottom)], "axis")
    if across.label:
        yield text(across.label, (left + right) / 2, bottom + 38, "label", "middle")


def placed(across: Axis, up: Axis, points: Sequence[Point]) -> list[Point]:
    """Return where the points fall."""
    return [(across.at(x), up.at(y)) for x, y in points]
