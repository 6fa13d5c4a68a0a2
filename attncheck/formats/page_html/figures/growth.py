"""Cost against size on log axes, with the polynomial through the counts where there is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from markupsafe import Markup

from attncheck.data.profile import Growth
from attncheck.formats.page_html.figures.axes import axis, frame, placed
from attncheck.formats.page_html.figures.figure import Figure, FigureTable
from attncheck.formats.page_html.figures.svg import Point, dots, line, picture
from attncheck.formats.shared.units import count, duration, figures, plain, size

WIDTH, HEIGHT = 340.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 66.0, 10.0, 14.0, 46.0
_STEPS = 40
_MOST_MARKS = 6
_LEAST_SPAN = 16
_CLOSE = 0.01
_TERM = re.compile(
    r"\s*([+-])?\s*(?:([\d,.]+(?:e[+-]?\d+)?)\s*(?:·|\*)?\s*)?(N(?:\^([\d.]+))?)?\s*"
)

UNITS: dict[str, tuple[str, Callable[[float | None], str]]] = {
    "macs": ("MACs", count),
    "memory": ("peak memory", size),
    "latency": ("quickest call", duration),
}


def growth_figure(name: str, what: str, growth: Growth) -> Figure | None:
    """Return the figure of one cost, or None with fewer than two points.

    Args:
        name: the figure's id.
        what: ``macs``, ``memory``, ``latency``, or another cost, shown as a plain number.
        growth: points and fit.
    """
    points = growth.drawn
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    label, written = UNITS.get(what, (what, plain))
    notes = [_fit(growth)] if _fit(growth) else []
    unit = "bytes" if what == "memory" else label
    head = ["size", unit, *(["fitted", "off by"] if fitted(growth) else ["times the one above"])]
    return Figure(
        name,
        f"{label} against size",
        _picture(name, f"{label} against size, on log axes. {_fit(growth)}", growth, written),
        FigureTable(head, _rows(growth, what, written)),
        notes=notes,
        keys=[("dots", "measured" if what == "latency" else "counted")]
        + ([("fit", "the fitted polynomial")] if fitted(growth) else []),
    )


def _picture(
    name: str, title: str, growth: Growth, written: Callable[[float | None], str]
) -> Markup:
    points = growth.drawn
    sizes = [x for x, _ in points]
    marks = sizes if len(sizes) <= _MOST_MARKS else ()
    right = WIDTH - _RIGHT
    across = axis(sizes, _LEFT, right, figures, log=True, label="size", marks=marks)
    costs = [y for _, y in points]
    bottom, binary = HEIGHT - _BOTTOM, written is size
    up = axis(costs, bottom, _TOP, written, log=True, binary=binary, span=_LEAST_SPAN)
    if curve := fitted(growth):
        low, high = points[0][0], points[-1][0]
        steps = [low * (high / low) ** (n / _STEPS) for n in range(_STEPS + 1)]
        drawn = [(x, curve(x)) for x in steps if curve(x) > 0]
    else:
        drawn = points
    return picture(
        name,
        title,
        WIDTH,
        HEIGHT,
        *frame(across, up),
        line(placed(across, up, drawn), "fit" if fitted(growth) else "joined"),
        dots(placed(across, up, points), "mark"),
    )


def _rows(growth: Growth, what: str, written: Callable[[float | None], str]) -> list[list[str]]:
    points = growth.drawn
    exact = written if what == "latency" else plain
    if curve := fitted(growth):
        return [[figures(x), exact(y), exact(curve(x)), _off(curve(x), y)] for x, y in points]
    before = [None, *(y for _, y in points)]
    return [
        [figures(x), exact(y), "" if last is None else f"{figures(y / last)} ×"]
        for (x, y), last in zip(points, before, strict=False)
    ]


def _off(fit: float, count: float) -> str:
    return "exact" if fit == count else f"{100 * (fit / count - 1):+.1g} %"


def _fit(growth: Growth) -> str:
    said = []
    if growth.polynomial:
        said.append(growth.polynomial)
    if growth.order is not None:
        named = {0.0: "does not grow", 1.0: "grows with N"}
        said.append(named.get(growth.order, f"grows with N^{growth.order:g}"))
    if growth.exponent is not None:
        said.append(f"observed exponent {growth.exponent:.2g} (of the size, on log axes)")
    return "; ".join(said)


def fitted(growth: Growth) -> Callable[[float], float] | None:
    """Return the polynomial as a function of the size, if it goes through the points.

    Its N may be the size itself or the number of positions, size²: whichever meets the points.
    """
    terms = terms_of(growth.polynomial)
    for power in (1, 2) if terms else ():
        curve = _curve(terms, power)
        if all(abs(curve(x) - y) <= _CLOSE * y for x, y in growth.drawn):
            return curve
    return None


def _curve(terms: Sequence[Point], power: int) -> Callable[[float], float]:
    return lambda x: sum(factor * (x**power) ** order for factor, order in terms)


def terms_of(polynomial: str) -> list[Point]:
    """Return (factor, order) of each term of ``16·N^1.5 + 1,348·N``; nothing where unreadable."""
    terms: list[Point] = []
    place = 0
    while place < len(polynomial):
        found = _TERM.match(polynomial, place)
        if found is None or found.end() == place or not (found[2] or found[3]):
            return []
        sign = -1.0 if found[1] == "-" else 1.0
        try:
            factor = float((found[2] or "1").replace(",", ""))
            order = float(found[4] or 1) if found[3] else 0.0
        except ValueError:
            return []
        if terms and not found[1]:
            return []
        terms.append((sign * factor, order))
        place = found.end()
    return terms
