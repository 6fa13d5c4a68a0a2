"""What child processes said of one step, read out of their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attncheck.commands.profile.questions import CostResult, Timed, TimeResult, Told
from attncheck.data import stats
from attncheck.instruments.timing.samples import Digest

T = TypeVar("T", bound=Told)


def said(result: CostResult | TimeResult, step: str, kind: type[T]) -> T:
    """Return what a child said of a step; where it said nothing of this kind, ``why``."""
    found = result.answers.get(step)
    if isinstance(found, kind):
        return found
    return kind(why=result.refused.what if result.refused else "interrupted")


def deadly(results: Sequence[CostResult | TimeResult]) -> set[str]:
    """Return the rows, ``r3``, on which some child hung or died."""
    return {
        step.partition(":")[0]
        for result in results
        for step, one in result.answers.items()
        if one.dead
    }


def digests(results: Sequence[TimeResult], step: str) -> list[Digest]:
    """Return what those processes say of a step that have timed it."""
    told = [said(result, step, Timed).digest for result in results]
    return [one for one in told if one is not None]


def paired(
    own: Sequence[TimeResult], others: Sequence[TimeResult], step: str
) -> tuple[list[float], str]:
    """Return the ratio of each pair of processes, this side / the other, and why some are missing.

    A pair's ratio is the median over its turns: what slows one turn slows both sides of it.
    """
    ratios: list[float] = []
    why = ""
    # The last pair may be half a pair, where the work was interrupted.
    for one, other in zip(own, others, strict=False):
        mine, theirs = said(one, step, Timed), said(other, step, Timed)
        if mine.turns and theirs.turns:
            ratios.append(stats.turns_ratio(mine.turns, theirs.turns))
        else:
            why = why or mine.why or theirs.why
    return ratios, why
