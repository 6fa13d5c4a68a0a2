"""What child processes said of one step, read out of their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from attncheck.data import stats
from attncheck.execution.supervising import Result
from attncheck.instruments.timing.samples import Digest


def evidence(result: Result, step: str) -> dict[str, Any]:
    """Return what a child said of a step; where it died, or was not asked, ``why``."""
    finding = result.findings.get(step)
    if finding is not None:
        if "death" in finding.evidence or not finding.evidence:
            return {"why": finding.message}
        return finding.evidence
    if result.refused is not None:
        return {"why": result.refused.what}
    return {"why": "interrupted"}


def deadly(results: Sequence[Result]) -> set[str]:
    """Return the rows, ``r3``, on which some child hung or died."""
    return {
        step.partition(":")[0]
        for result in results
        for step, one in result.findings.items()
        if "death" in one.evidence
    }


def digests(results: Sequence[Result], step: str) -> list[Digest]:
    """Return what those processes say of a step that have timed it."""
    said = [evidence(result, step).get("digest") for result in results]
    return [msgspec.convert(one, Digest) for one in said if one]


def paired(own: Sequence[Result], others: Sequence[Result], step: str) -> tuple[list[float], str]:
    """Return the ratio of each pair of processes, this side / the other, and why some are missing.

    A pair's ratio is the median over its turns: what slows one turn slows both sides of it.
    """
    ratios: list[float] = []
    why = ""
    # The last pair may be half a pair, where the work was interrupted.
    for one, other in zip(own, others, strict=False):
        mine, theirs = evidence(one, step), evidence(other, step)
        if mine.get("turns") and theirs.get("turns"):
            ratios.append(stats.turns_ratio(mine["turns"], theirs["turns"]))
        else:
            why = why or mine.get("why") or theirs.get("why", "")
    return ratios, why
