"""One version against another: the ratio of fresh processes in turns, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attncheck import stats
from attncheck.execution.supervising import Result
from attncheck.profiling.evidence import paired
from attncheck.profiling.measure import Measure
from attncheck.timing.summary import CONFIDENCE, between


def compared(
    target: str,
    measure: Measure,
    rows: Sequence[dict[str, Any]],
    own: Sequence[Result],
    others: Sequence[Result],
) -> dict[str, Any]:
    """Return each row's ratio, this / the other, with its interval and its answer.

    A ratio is that of two fresh processes that took turns.

    Args:
        target: the other side, as it was named.
        measure: what was measured of both.
        rows: the report's rows.
        own, others: results in pairs.
    """
    found: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        for mode in ("forward", "backward") if measure.backward else ("forward",):
            ratios, why = paired(own, others, f"r{number}:{mode}")
            named = {key: row[key] for key in ("input", "dtype", "compile", "channels_last")}
            found.append({**named, "mode": mode, **judged(ratios), "why": why})
    answers = {one["answer"] for one in found}
    known = [one for one in found if one["ratio"] is not None]
    intervals = [one["interval"] for one in known if one["interval"]]
    return {
        "target": target,
        "ratio": stats.median([one["ratio"] for one in known]) if known else None,
        "interval": [min(i[0] for i in intervals), max(i[1] for i in intervals)]
        if intervals
        else None,
        "answer": answers.pop() if len(answers) == 1 else "undecided",
        "rows": found,
    }


def judged(ratios: Sequence[float]) -> dict[str, Any]:
    """Return ratio, interval and answer of paired ratios: faster, slower or undecided.

    Faster is an interval that lies below 1 with at least 95 % confidence, which takes six pairs.
    """
    if not ratios:
        return {"ratios": [], "ratio": None, "interval": None, "answer": "undecided"}
    interval, confidence = between(ratios)
    answer = "undecided"
    if interval is not None and confidence >= CONFIDENCE:
        answer = "faster" if interval[1] < 1 else "slower" if interval[0] > 1 else "undecided"
    return {
        "ratios": [*ratios],
        "ratio": stats.median(ratios),
        "interval": list(interval) if interval else None,
        "confidence": confidence,
        "answer": answer,
    }
