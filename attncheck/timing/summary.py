"""What the samples of several fresh processes say: quantiles, intervals, and whether to trust them.

Calls of one process are alike in ways that calls of the next are not, so that pooling them would
give intervals far too narrow. Each process counts once.
"""

from __future__ import annotations

from collections.abc import Sequence

from attncheck import stats
from attncheck.measured import Timing
from attncheck.timing.sampling import Digest

CONFIDENCE = 0.95
_APART = 1.25
"""Processes that differ by more than this factor have not measured the same thing."""


def summary(
    found: Sequence[Digest], *, name: str = "", wanted: int = 1, disturbed: str = ""
) -> Timing:
    """Return what the processes say together.

    Args:
        found: what each process says.
        name: what was timed beside.
        wanted: processes that were asked for.
        disturbed: what the device says against its own times.
    """
    if not found:
        return Timing(status="undecided", why="no process has finished")
    medians = [one.median for one in found]
    ratios = stats.paired_ratios([one.own for one in found], [one.beside for one in found])
    interval, confidence = between(medians)
    ratio_interval, _ = between(ratios)
    told = Timing(
        processes=[one.samples for one in found],
        samples=sum(one.count for one in found),
        cold=stats.median([one.cold for one in found]),
        least=min(one.least for one in found),
        p10=stats.median([one.p10 for one in found]),
        median=stats.median(medians),
        interval=interval,
        confidence=confidence,
        beside=name,
        ratios=ratios,
        ratio=stats.median(ratios),
        ratio_interval=ratio_interval,
    )
    if why := _doubt(ratios, len(found), wanted, disturbed):
        told.status, told.why = "undecided", why
    return told


def between(values: Sequence[float]) -> tuple[tuple[float, float] | None, float]:
    """Return the interval that holds the true median, and its exact confidence.

    It has at least 95 % where there are enough values (six); else it spans all of them, and
    what that is worth is said: 75 % of three, None of one.
    """
    if (found := stats.order_interval(values, CONFIDENCE)) is not None:
        return (found.low, found.high), found.confidence
    if len(values) < 2:
        return None, 0.0
    return (min(values), max(values)), 1 - 2.0 ** (1 - len(values))


def _doubt(ratios: Sequence[float], finished: int, wanted: int, disturbed: str) -> str:
    if disturbed:
        return disturbed
    if finished < wanted:
        return f"{finished} of {wanted} processes finished"
    if max(ratios) > _APART * min(ratios):
        return f"processes differ by {max(ratios) / min(ratios) - 1:.0%}: the machine is busy"
    return ""
