"""A small chart for a terminal: bars on a logarithmic scale, one block for each quantity."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

Series = tuple[Sequence[tuple[float, float]], Callable[[float | None], str]]

_WIDTH = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def chart(series: Mapping[str, Series]) -> str:
    """Return bars of each quantity against size, on one scale of factors for all quantities.

    A bar twice as long is no value twice as large: each quantity starts at its smallest value,
    and the same length is the same factor everywhere, so that slopes can be compared.

    Args:
        series: label -> (points of size and value, how a value is written).
    """
    usable = {
        label: (sorted((x, y) for x, y in points if y > 0), written)
        for label, (points, written) in series.items()
    }
    usable = {label: one for label, one in usable.items() if one[0]}
    most = max((_span([y for _, y in points]) for points, _ in usable.values()), default=0.0)
    sizes = max((len(f"{x:g}") for points, _ in usable.values() for x, _ in points), default=1)
    lines: list[str] = []
    for label, (points, written) in usable.items():
        least = min(y for _, y in points)
        lines.append(label)
        for x, y in points:
            share = math.log(y / least) / most if most else 0.0
            lines.append(f"  {x:>{sizes}g} {bar(share, _WIDTH)} {written(y)}")
    return "\n".join(lines)


def bar(share: float, width: int) -> str:
    """Return a bar that fills this share of a width, never empty."""
    eighths = max(1, round(share * width * 8))
    full, part = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[part] if part else "")


def _span(values: Sequence[float]) -> float:
    return math.log(max(values) / min(values))
