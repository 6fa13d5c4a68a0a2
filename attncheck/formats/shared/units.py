"""Numbers as people read them: three figures, and the unit that fits."""

from __future__ import annotations

import math

_SI = (("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15))
_BYTES = (("B", 1.0), ("KiB", 2.0**10), ("MiB", 2.0**20), ("GiB", 2.0**30), ("TiB", 2.0**40))
_TIME = (("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9))


def plain(value: float | None) -> str:
    """Return ``12,345``; ``–`` where there is no number."""
    return "–" if value is None else f"{value:,.0f}"


def count(value: float | None) -> str:
    """Return ``12.3 M``: a number of things, SI prefixes."""
    return _scaled(value, _SI)


def size(value: float | None) -> str:
    """Return ``12.3 MiB``: a number of bytes."""
    return _scaled(value, _BYTES)


def duration(value: float | None) -> str:
    """Return ``12.3 µs``: nanoseconds in the unit that fits."""
    return _scaled(value, _TIME)


def ratio(value: float | None) -> str:
    """Return ``1.23 ×``."""
    return "–" if value is None else f"{figures(value)} ×"


def factor(value: float) -> str:
    """Return ``1.004``: a ratio of two versions, in tenths of a percent where it is near 1."""
    return f"{value:.3f}" if 0.1 <= value < 10 else figures(value)


def share(value: float | None) -> str:
    """Return ``12 %``."""
    return "–" if value is None else f"{figures(100 * value)} %"


def figures(value: float) -> str:
    """Return three significant figures, without an exponent."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    text = f"{round(value, digits):,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value: float | None, units: tuple[tuple[str, float], ...]) -> str:
    if value is None:
        return "–"
    name, factor = units[0]
    for other, least in units:
        if abs(value) >= least:
            name, factor = other, least
    return f"{figures(value / factor)} {name}".rstrip()
