"""Reach as a picture: the positions claimed beside those seen, told apart by shape and colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from attncheck.formats.page_html.figures.figure import Figure, FigureTable
from attncheck.formats.page_html.figures.svg import element, picture, text
from attncheck.formats.shared.reach import Cell, ReachMap, legend, reach_map
from attncheck.formats.shared.units import share

_WIDEST = 300.0
_LARGEST, _SMALLEST = 18.0, 4.0
_GAP, _TOP = 36.0, 24.0
_PLAIN = (Cell.NEITHER, Cell.BOTH)

CLASS = {
    Cell.NEITHER: "neither",
    Cell.BOTH: "both",
    Cell.EXTRA: "extra",
    Cell.MISSING: "missing",
    Cell.OUTPUT: "output",
}


def reach_figure(name: str, title: str, evidence: dict[str, Any]) -> Figure | None:
    """Return the figure of a reach finding, or None where its evidence draws no map."""
    found = reach_map(evidence)
    if found is None or not found.claimed or not found.claimed[0]:
        return None
    total = len(found.claimed) * len(found.claimed[0])
    extra = sum(row.count(Cell.EXTRA) for row in found.seen)
    missing = sum(row.count(Cell.MISSING) for row in found.seen)
    numbers = {
        "claimed": found.claimed_count,
        "reached": found.seen_count,
        "claimed, not reached": missing,
        "reached, not claimed": extra,
    }
    rows = [[label, f"{n:,}", share(n / total)] for label, n in numbers.items()]
    return Figure(
        name,
        title,
        _picture(name, title, found),
        FigureTable([f"of {total:,}", "number", "share"], rows),
        keys=[(CLASS[cell], meaning) for cell, meaning in legend(found)],
    )


def _picture(name: str, title: str, found: ReachMap) -> Markup:
    height, width = len(found.claimed), len(found.claimed[0])
    side = max(min(_WIDEST / width, _WIDEST / height, _LARGEST), _SMALLEST)
    wide = width * side
    step = max(wide, 92.0) + _GAP
    parts = [
        text(f"claimed: {found.claimed_count:,}", 0, 14, "label"),
        text(f"seen: {found.seen_count:,}", step, 14, "label"),
    ]
    for left, grid in ((0.0, found.claimed), (step, found.seen)):
        parts += _grid(grid, side, left)
    return picture(name, title, step + max(wide, 92.0), _TOP + height * side + 1, *parts)


def _grid(grid: list[list[Cell]], side: float, left: float) -> list[Markup]:
    """Return one path per kind of cell: hundreds of cells, a handful of elements."""
    inner = side - (2 if side > 8 else 1)
    marks: dict[Cell, list[str]] = {}
    for i, row in enumerate(grid):
        y = _TOP + i * side
        for cell, first, last in _runs(row):
            found = marks.setdefault(cell, [])
            if cell in _PLAIN:
                length = (last - first) * side + inner
                found.append(f"M{left + first * side:.1f} {y + inner / 2:.1f}h{length:.1f}")
                continue
            for j in range(first, last + 1):
                found.append(_mark(cell, left + j * side, y, inner))
    return [_path(cell, "".join(paths), side, inner) for cell, paths in marks.items()]


def _path(cell: Cell, d: str, side: float, inner: float) -> Markup:
    """Return the cells of one kind; plain squares are the dashes of a line as wide as they."""
    if cell not in _PLAIN:
        return element("path", d=d, class_=CLASS[cell])
    dashes = f"{inner:.1f} {side - inner:.1f}"
    return element("path", d=d, class_=CLASS[cell], stroke_width=inner, stroke_dasharray=dashes)


def _runs(row: Sequence[Cell]) -> Iterator[tuple[Cell, int, int]]:
    """Yield each run of equal cells with its first and last column."""
    start = 0
    for cell, group in groupby(row):
        end = start + len(list(group)) - 1
        yield cell, start, end
        start = end + 1


def _mark(cell: Cell, x: float, y: float, side: float) -> str:
    if cell is Cell.MISSING:
        return _square(x + 1, y + 1, side - 2)
    if cell is Cell.OUTPUT:
        radius = side / 2
        arc = f"a{radius:.1f} {radius:.1f} 0 1 0"
        return f"M{x:.1f} {y + radius:.1f}{arc} {side:.1f} 0{arc} {-side:.1f} 0z"
    # Not claimed: a square with a cross cut out, told from the others without its colour.
    if side <= 5:
        return _square(x, y, side)
    a, b = side * 0.28, side * 0.44
    cross = f"M{x + a:.1f} {y + a:.1f}l{b:.1f} {b:.1f}m0 {-b:.1f}l{-b:.1f} {b:.1f}"
    return _square(x, y, side) + cross


def _square(x: float, y: float, side: float) -> str:
    return f"M{x:.1f} {y:.1f}h{side:.1f}v{side:.1f}h{-side:.1f}z"
