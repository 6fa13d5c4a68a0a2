"""Put together what a report says of one subject's costs, row by row.

A row against another version tells the ratio of fresh processes in turns, and what it answers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from attncheck.commands.profile.evidence import digests, paired, said
from attncheck.commands.profile.questions import (
    FACTS,
    Growths,
    Measure,
    RowAsked,
    RowCosts,
    Timed,
    TimeResult,
)
from attncheck.commands.profile.run import Measured
from attncheck.data import stats
from attncheck.data.profile import Timing
from attncheck.instruments.timing.ceilings import Ceiling
from attncheck.instruments.timing.summary import CONFIDENCE, between, summary

_TOO_FAST = 3.0
"""Times the measured peak at which a multiplication rate is taken for a mistake."""
_COPIED = (
    "input", "dims", "size", "parameters", "macs", "elementwise", "peak_bytes",
    "peak_backward_bytes", "saved_bytes", "peak_source", "reserved_bytes", "kernels", "energy_j",
    "tied", "unused", "unpriced", "by_operator", "why",
)  # fmt: skip
_ALWAYS = ("peak_bytes", "peak_backward_bytes", "saved_bytes", "kernels", "energy_j")


def rows_of(
    measure: Measure, found: Measured, wanted: int, peaks: Mapping[str, Any], against: str = ""
) -> list[dict[str, Any]]:
    """Return the rows of a report, in the order in which they were asked for.

    Args:
        measure: what was asked for.
        found: what was measured.
        wanted: processes that were asked for.
        peaks: precision -> :class:`Ceiling`.
        against: the other side, where there is one.
    """
    rows: list[dict[str, Any]] = []
    for number, asked in enumerate(measure.rows):
        step = f"r{number}"
        told = msgspec.structs.asdict(said(found.costs, step, RowCosts))
        row: dict[str, Any] = dict.fromkeys(_ALWAYS)
        row |= {"input": f"size {asked.size}", "peak_source": ""}
        row |= {key: told[key] for key in _COPIED if told[key] not in (None, "", [], {})}
        row |= {
            "dtype": asked.dtype,
            "compile": asked.compile,
            "channels_last": asked.channels_last,
            "batch": told["dims"].get("B", 1),
            "forward": None,
            "backward": None,
        }
        timed = [mode for mode in ("forward", "backward") if mode == "forward" or measure.backward]
        for mode in timed if measure.device != "meta" else []:
            row[mode] = timing_of(found, f"{step}:{mode}", wanted, against)
            if not row[mode].processes and told["why"]:
                row[mode].why = told["why"]
        row |= _derived(row, told["traffic"], peaks.get(asked.dtype), asked)
        rows.append(row)
    return rows


def timing_of(found: Measured, step: str, wanted: int, against: str = "") -> Timing:
    """Return what all processes say of one step."""
    told = [said(result, step, Timed) for result in found.times]
    whole = digests(found.times, step)
    if not whole:
        why = next((one.why for one in told if one.why), "not measured")
        return Timing(status="undecided", why=why)
    return summary(
        whole,
        name=against or next(one.name for one in told if one.name),
        ratios=paired(found.times, found.others, step)[0],
        wanted=wanted,
        disturbed=next((one.disturbed for one in told if one.disturbed), ""),
    )


def growth_of(found: Measured, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how MACs, memory and time grow: exact polynomials, and the points of one series.

    The series are rows that differ in size alone from the first.
    """
    first = rows[0] if rows else {}
    alike = ("dtype", "compile", "channels_last", "batch")
    series = [
        row
        for row in rows
        if row.get("size") and all(row.get(key) == first.get(key) for key in alike)
    ]
    points: dict[str, list[tuple[int, float]]] = {"macs": [], "memory": [], "latency": []}
    for row in series:
        forward = row["forward"]
        for of, value in (
            ("macs", row.get("macs")),
            ("memory", row.get("peak_bytes")),
            ("latency", forward.least if forward else None),
        ):
            if value is not None:
                points[of].append((row["size"], value))
    exact = plain(said(found.costs, FACTS, Growths).growth)
    told = {of: {**exact.get(of, {}), "points": dots} for of, dots in points.items() if dots}
    if "latency" in told and (seen := exponent(points["latency"])) is not None:
        told["latency"]["exponent"] = seen
    return told


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the slope on log axes, as observed; None with fewer than two sizes."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:
        return None
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    across = sum((x - mean_x) ** 2 for x, _ in logs)
    return float(sum((x - mean_x) * (y - mean_y) for x, y in logs) / across)


def plain(value: Any) -> Any:
    """Return JSON's own types."""
    return msgspec.to_builtins(value)


def _derived(
    row: Mapping[str, Any], traffic: int | None, peak: Ceiling | None, asked: RowAsked
) -> dict[str, Any]:
    """Return throughput, intensity and the share of the roofline, where they are known."""
    macs = row.get("macs")
    forward: Timing | None = row["forward"]
    found: dict[str, Any] = {"throughput": None, "intensity": None, "roofline": None}
    if macs is not None and traffic:
        found["intensity"] = macs / traffic
    if forward is None or not forward.least:
        return found
    found["throughput"] = row["batch"] * 1e9 / forward.least
    if peak is not None and macs is not None and traffic:
        share = peak.seconds(macs, traffic) / (forward.least / 1e9)
        multiplied = macs / peak.macs / (forward.least / 1e9)
        # Small data lives in caches, which a large copy does not measure.
        found["roofline"] = share if share <= 1 or multiplied >= share else None
        if multiplied > _TOO_FAST and forward.status == "trusted":
            forward.status = "undecided"
            forward.why = f"{multiplied:.1f} times as fast as this device multiplies"
    return found


def compared(
    target: str,
    measure: Measure,
    rows: Sequence[dict[str, Any]],
    own: Sequence[TimeResult],
    others: Sequence[TimeResult],
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
