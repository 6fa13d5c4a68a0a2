"""What the samples of several fresh processes say: quantiles, intervals, and whether to trust them.

Calls of one process are alike in ways that calls of the next are not, so that pooling them would
give intervals far too narrow. Each process counts once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from attncheck.data import stats
from attncheck.data.profile import Timing
from attncheck.instruments.timing.samples import LEAST, Digest

CONFIDENCE = 0.95
_AGAIN = 1.01
"""The quickest call is *confirmed* by a second process that was as quick, up to this factor."""
_APART = 1.05
"""Where even the second quickest process is slower than this, the machine had no quiet moment."""


def summary(
    found: Sequence[Digest],
    *,
    name: str = "",
    ratios: Sequence[float] = (),
    wanted: int = 1,
    disturbed: str = "",
) -> Timing:
    """Return what the processes say together.

    Args:
        found: what each process says.
        name: what was timed beside.
        ratios: to processes that were timed in turns with these; none for those within each.
        wanted: processes that were asked for.
        disturbed: what the device says against its own times.
    """
    if not found:
        return Timing(status="undecided", why="no process has finished")
    medians = [one.median for one in found]
    ratios = ratios or [one.own / one.beside for one in found if one.beside]
    interval, confidence = between(medians)
    ratio_interval = between(ratios)[0] if ratios else None
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
        ratios=[*ratios],
        ratio=stats.median(ratios) if ratios else None,
        ratio_interval=ratio_interval,
    )
    if why := _doubt(found, wanted, disturbed):
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


def confirmed(found: Sequence[Digest]) -> bool:
    """Say whether two processes agree on the quickest call, so that it was no single luck.

    Calls so long that a process has only a few of them last longer than a machine's good moments:
    more processes would not find a better one.
    """
    return _apart(found) <= _AGAIN or all(one.count <= LEAST for one in found)


def _apart(found: Sequence[Digest]) -> float:
    """Return the second quickest process over the quickest; infinite of one."""
    quickest = sorted(one.least for one in found)
    return quickest[1] / quickest[0] if len(quickest) > 1 else math.inf


def _doubt(found: Sequence[Digest], wanted: int, disturbed: str) -> str:
    if disturbed:
        return disturbed
    if len(found) < wanted:
        return f"{len(found)} of {wanted} processes finished"
    if len(found) > 1 and (apart := _apart(found)) > _APART:
        return f"the second quickest process was {apart - 1:.0%} slower: the machine is busy"
    return ""
