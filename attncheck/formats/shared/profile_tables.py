"""Tables of a profile: one line for each point, columns that say nothing left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attncheck.data.page import Section, Table
from attncheck.data.profile import Paired, Row, Timing
from attncheck.formats.shared.units import count, duration, figures, plain, share, size


def tables(pairs: Sequence[tuple[str, Row]]) -> Iterator[Section]:
    """Yield what points cost, and how long they take.

    Args:
        pairs: name of the subject, and its row.
    """
    if not pairs:
        return
    costs: list[tuple[str, Callable[[Row], str]]] = [
        ("parameters", lambda row: plain(row.parameters)),
        ("MACs", lambda row: plain(row.macs)),
        ("element-wise", lambda row: plain(row.elementwise)),
        ("MACs/byte", lambda row: _number(row.intensity)),
        ("peak", lambda row: size(row.peak_bytes)),
        ("with backward", lambda row: size(row.peak_backward_bytes)),
        ("saved", lambda row: size(row.saved_bytes)),
        ("kernels", lambda row: plain(row.kernels)),
        ("energy", lambda row: _joules(row.energy_j)),
    ]
    rows = [[*point(name, row), *(cell(row) for _, cell in costs)] for name, row in pairs]
    yield Section("Cost of one call", table=_slim([*_POINT, *(name for name, _ in costs)], rows))
    timed = [
        [*point(name, row), mode, *_time(row, mode, timing)]
        for name, row in pairs
        for mode, timing in row.timed
    ]
    if timed:
        columns = [*_POINT, "pass", "quickest", "p10", "median", "between processes", "ratio", "to"]
        columns += ["samples/s", "roofline"]
        yield Section("Time of one call", table=_slim(columns, timed))


_POINT = ("", "input", "dtype", "way")
_STATED = ("", "dtype", "way", "pass", "to")
"""Columns that are left out where all rows agree; a note says what they would."""


def _slim(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table without the columns in which nothing is known, or all rows say the same."""
    kept = [
        index
        for index, name in enumerate(columns)
        if len({row[index] for row in rows}) > 1
        or (name not in _STATED and {row[index] for row in rows} - {"–", ""})
    ]
    return Table([[row[i] for i in kept] for row in rows], [columns[i] for i in kept])


def _time(row: Row, mode: str, timing: Timing) -> list[str]:
    doubt = "" if timing.status == "trusted" else " ?"
    ratio = timing.ratio
    forward = mode == "forward"
    return [
        duration(timing.least),
        duration(timing.p10) + doubt,
        duration(timing.median) + doubt,
        _span(timing.interval),
        "–" if ratio is None else f"{figures(ratio)} ×",
        timing.beside,
        count(row.throughput) if forward else "–",
        share(row.roofline) if forward else "–",
    ]


def _span(interval: Sequence[float] | None) -> str:
    """Return ``67 to 106 µs``: the unit once where both ends share it."""
    if not interval:
        return "–"
    (low, unit), (high, other) = (duration(end).split() for end in interval)
    return f"{low} to {high} {other}" if unit == other else f"{low} {unit} to {high} {other}"


def point(name: str, row: Row | Paired) -> list[str]:
    """Return the cells that say which point a line is about."""
    ways = ["compiled"] * row.compile
    ways += ["channels last"] * row.channels_last
    return [name, row.input, row.dtype, ", ".join(ways)]


def _joules(value: float | None) -> str:
    return "–" if value is None else f"{figures(1000 * value)} mJ"


def _number(value: float | None) -> str:
    return "–" if value is None else figures(value)
