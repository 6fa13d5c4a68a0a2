"""Reach as a picture: the positions claimed beside those seen, told apart by shape and colour."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from attncheck.formats.page_html.figures.figure import Figure, Table
from attncheck.formats.page_html.figures.svg import element, picture, text
from attncheck.formats.page_html.units import share
from attncheck.formats.shared.reach import Cell, ReachMap, legend, reach_map

_WIDEST = 300.0
_LARGEST, _SMALLEST = 18.0, 4.0
_GAP, _TOP = 36.0, 24.0

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
        Table([f"of {total:,}", "number", "share"], rows),
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
        for j, cell in enumerate(row):
            x, y = left + j * side, _TOP + i * side
            marks.setdefault(cell, []).append(_mark(cell, x, y, inner))
    return [element("path", d="".join(paths), class_=CLASS[c]) for c, paths in marks.items()]


def _mark(cell: Cell, x: float, y: float, side: float) -> str:
    if cell is Cell.EXTRA and side > 5:
        # A square with a cross cut out: told from the others without its colour.
        a, b = side * 0.28, side * 0.44
        cross = f"M{x + a:.1f} {y + a:.1f}l{b:.1f} {b:.1f}m0 {-b:.1f}l{-b:.1f} {b:.1f}"
        return _square(x, y, side) + cross
    if cell is Cell.MISSING:
        return _square(x + 1, y + 1, side - 2)
    if cell is Cell.OUTPUT:
        radius = side / 2
        arc = f"a{radius:.1f} {radius:.1f} 0 1 0"
        return f"M{x:.1f} {y + radius:.1f}{arc} {side:.1f} 0{arc} {-side:.1f} 0z"
    return _square(x, y, side)


def _square(x: float, y: float, side: float) -> str:
    return f"M{x:.1f} {y:.1f}h{side:.1f}v{side:.1f}h{-side:.1f}z"
