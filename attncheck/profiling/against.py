"""One version against another: the ratio of fresh processes in turns, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attncheck import stats
from attncheck.execution.supervising import Result
from attncheck.profiling.measure import Measure
from attncheck.profiling.rows import evidence
from attncheck.timing.summary import CONFIDENCE, between


def compared(
    target: str,
    measure: Measure,
    rows: Sequence[dict[str, Any]],
    own: Sequence[Result],
    others: Sequence[Result],
) -> dict[str, Any]:
    """Return each row's ratio, this / the other, with its interval and its answer.

    A ratio is that of two adjacent processes, each side's quickest hundredth taken relative to the
    fixed workload that ran between its calls.

    Args:
        target: the other side, as it was named.
        measure: what was measured of both.
        rows: the report's rows.
        own, others: results in pairs.
    """
    found: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        for mode in ("forward", "backward") if measure.backward else ("forward",):
            step = f"r{number}:{mode}"
            # The last pair may be half a pair, where the work was interrupted.
            both = zip(own, others, strict=False)
            pairs = [(evidence(a, step), evidence(b, step)) for a, b in both]
            whole = [(a, b) for a, b in pairs if a.get("digest") and b.get("digest")]
            ratios = [_quick(a) / _quick(b) for a, b in whole]
            why = next((one["why"] for pair in pairs for one in pair if one.get("why")), "")
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


def _quick(said: dict[str, Any]) -> float:
    return float(said["digest"]["own"] / said["digest"]["beside"])
