"""Every latency sample as a dot, as a multiple of its row's median: one lane per process.

Rows of very different sizes so share an axis on which the spread of each can be seen.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from attncheck.data.profile import Row, Timing
from attncheck.formats.page_html.figures.axes import Axis, axis, ground
from attncheck.formats.page_html.figures.figure import Figure, FigureTable
from attncheck.formats.page_html.figures.svg import Point, dots, element, line, picture, text
from attncheck.formats.shared.units import duration, ratio

_WIDTH, _LEFT, _RIGHT = 760.0, 216.0, 24.0
_TOP, _BOTTOM = 12.0, 46.0
_LANE, _BETWEEN = 13.0, 14.0
_SPREAD = (0, 2, -2, 1, -1, 3, -3)
_MOST = 40


@dataclass(frozen=True)
class _Strip:
    row: Row
    direction: str
    timing: Timing

    @property
    def samples(self) -> list[list[float]]:
        """Nanoseconds per process; a clock that stood still says nothing."""
        return [[ns for ns in process if ns > 0] for process in self.timing.processes]

    @property
    def median(self) -> float:
        """The median that the profile states, else that of all samples."""
        stated = self.timing.median
        return stated if stated else statistics.median(ns for p in self.samples for ns in p)


def strips_figure(name: str, rows: Sequence[Row]) -> Figure | None:
    """Return the figure of all timed rows, or None where nothing was timed."""
    strips = [
        _Strip(row, direction, timing)
        for row in rows
        for direction, timing in (("forward", row.forward), ("backward", row.backward))
        if timing is not None
    ]
    drawn = [strip for strip in strips if any(strip.samples)][:_MOST]
    if not drawn:
        return None
    title = "every latency sample, one lane per process, as a multiple of the row's median"
    notes = []
    if len(drawn) < len(strips):
        notes.append(f"{len(drawn)} of {len(strips)} rows are drawn; the table has all")
    return Figure(
        name,
        "latency, every sample",
        _picture(name, title, drawn),
        _table(strips),
        notes=notes,
        keys=[("dots", "a call"), ("median", "median, with its interval"), ("p10", "p10")],
    )


def _picture(name: str, title: str, strips: Sequence[_Strip]) -> Markup:
    lanes = [max(len(strip.samples), 1) * _LANE + _BETWEEN for strip in strips]
    bottom = _TOP + sum(lanes)
    times = [ns / strip.median for strip in strips for process in strip.samples for ns in process]
    label = "latency as a multiple of the row's median"
    across = axis(times, _LEFT, _WIDTH - _RIGHT, ratio, log=True, label=label)
    parts = list(ground(across, bottom))
    top = _TOP
    for strip, height in zip(strips, lanes, strict=True):
        parts += _strip(strip, across, top, height - _BETWEEN)
        top += height
    return picture(name, title, _WIDTH, bottom + _BOTTOM, *parts)


def _strip(strip: _Strip, across: Axis, top: float, height: float) -> Iterator[Markup]:
    middle = top + height / 2
    how = f"{strip.row.how} {strip.direction}".strip()
    median = strip.median
    name = " · ".join(part for part in (strip.row.input, duration(median)) if part)
    yield text(name, _LEFT - 14, middle - 1, "name", "end")
    yield text(how, _LEFT - 14, middle + 12, "tick", "end")
    timing = strip.timing
    if timing.interval is not None and timing.interval[0] > 0:
        low, high = (across.at(ns / median) for ns in timing.interval)
        yield element(
            "rect", x=low, y=top, width=max(high - low, 1.0), height=height, class_="interval"
        )
    for number, process in enumerate(strip.samples):
        lane = top + (number + 0.5) * _LANE
        yield dots(_scattered([ns / median for ns in process], across, lane), "sample")
    for value, class_ in ((timing.median, "median"), (timing.p10, "p10")):
        if value is not None and value > 0:
            x = across.at(value / median)
            yield line([(x, top - 2), (x, top + height + 2)], class_)


def _scattered(process: Sequence[float], across: Axis, lane: float) -> Iterator[Point]:
    """Yield whole pixels, moved up and down by turns so that neighbours do not hide each other."""
    for number, value in enumerate(process):
        yield float(round(across.at(value))), lane + _SPREAD[number % len(_SPREAD)]


def _table(strips: Sequence[_Strip]) -> FigureTable:
    head = ["input", "how", "direction", "samples", "quickest", "p10", "median"]
    head += ["interval", "ratio", "its interval", "status"]
    rows = [
        [
            strip.row.input,
            strip.row.how,
            strip.direction,
            f"{sum(map(len, strip.samples)):,} in {len(strip.samples)}",
            duration(strip.timing.least),
            duration(strip.timing.p10),
            duration(strip.timing.median),
            _between(strip.timing.interval, duration),
            ratio(strip.timing.ratio),
            _between(strip.timing.ratio_interval, ratio),
            ": ".join(part for part in (strip.timing.status, strip.timing.why) if part),
        ]
        for strip in strips
    ]
    return FigureTable(head, rows, words=frozenset({1, 2, 10}))


def _between(interval: tuple[float, float] | None, written: Callable[[float | None], str]) -> str:
    if interval is None:
        return "–"
    low, high = (written(end).rpartition(" ") for end in interval)
    return f"{low[0] if low[2] == high[2] else ''.join(low)} – {''.join(high)}"
