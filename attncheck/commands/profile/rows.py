"""Put together what a report says of one subject's costs, row by row.

A row against another version tells the ratio of fresh processes in turns, and what it answers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from attncheck.commands.profile.evidence import digests, paired, said
from attncheck.commands.profile.questions import (
    FACTS,
    Capable,
    Growths,
    Measure,
    RowAsked,
    RowCosts,
    Timed,
)
from attncheck.commands.profile.run import Measured
from attncheck.data import stats
from attncheck.data.profile import Against, Figure, Growth, Paired, Row, Timing
from attncheck.instruments.timing.ceilings import Ceiling
from attncheck.instruments.timing.summary import CONFIDENCE, between, summary

_TOO_FAST = 3.0
"""Times the measured peak at which a multiplication rate is taken for a mistake."""


def rows_of(
    measure: Measure, found: Measured, wanted: int, capable: Mapping[str, Capable], against: str
) -> list[Row]:
    """Return the rows of a report, in the order in which they were asked for.

    Args:
        measure: what was asked for.
        found: what was measured.
        wanted: processes that were asked for.
        capable: what the device can do at best, by precision.
        against: the other side; "" where there is none.
    """
    rows: list[Row] = []
    for number, asked in enumerate(measure.rows):
        step = f"r{number}"
        told = said(found.costs, step, RowCosts)
        row = _row(asked, told)
        if measure.device != "meta":
            row.forward = timing_of(found, f"{step}:forward", wanted, against)
            if measure.backward:
                row.backward = timing_of(found, f"{step}:backward", wanted, against)
        for _, timing in row.timed:
            if not timing.processes and told.why:
                timing.why = told.why
        at_best = capable.get(asked.dtype, Capable()).ceiling
        _derive(row, told.traffic, at_best)
        rows.append(row)
    return rows


def _row(asked: RowAsked, told: RowCosts) -> Row:
    """Return a row with everything that needs no clock."""
    return Row(
        input=told.input or f"size {asked.size}",
        dims=told.dims,
        size=told.size,
        batch=told.dims.get("B", 1),
        dtype=asked.dtype,
        compile=asked.compile,
        channels_last=asked.channels_last,
        parameters=told.parameters,
        tied=told.tied,
        unused=told.unused or [],
        macs=told.macs,
        elementwise=told.elementwise,
        by_operator={**told.by_operator},
        unpriced=told.unpriced,
        peak_bytes=told.peak_bytes,
        peak_source=told.peak_source,
        reserved_bytes=told.reserved_bytes,
        peak_backward_bytes=told.peak_backward_bytes,
        saved_bytes=told.saved_bytes,
        kernels=told.kernels,
        energy_j=told.energy_j,
        why=told.why,
    )


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


def growth_of(found: Measured, rows: Sequence[Row]) -> dict[str, Growth]:
    """Return how MACs, memory and time grow: exact polynomials, and the points of one series.

    The series are rows that differ in size alone from the first.
    """
    points: dict[str, list[tuple[Figure, Figure]]] = {"macs": [], "memory": [], "latency": []}
    for row in rows:
        if not row.size or _way(row) != _way(rows[0]):
            continue
        for of, value in (
            ("macs", row.macs),
            ("memory", row.peak_bytes),
            ("latency", row.forward.least if row.forward else None),
        ):
            if value is not None:
                points[of].append((row.size, value))
    told = {of: Growth(points=dots) for of, dots in points.items() if dots}
    for of, exact in said(found.costs, FACTS, Growths).growth.items():
        if of in told:
            told[of].polynomial, told[of].order = exact.polynomial, exact.order
    if "latency" in told:
        told["latency"].exponent = exponent(points["latency"])
    return told


def _way(row: Row) -> tuple[object, ...]:
    return row.dtype, row.compile, row.channels_last, row.batch


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the slope on log axes, as observed; None with fewer than two sizes."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:
        return None
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    across = sum((x - mean_x) ** 2 for x, _ in logs)
    return float(sum((x - mean_x) * (y - mean_y) for x, y in logs) / across)


def _derive(row: Row, traffic: int | None, at_best: Ceiling | None) -> None:
    """Add throughput, intensity and the share of the roofline, where they are known."""
    macs, forward = row.macs, row.forward
    if macs is not None and traffic:
        row.intensity = macs / traffic
    if forward is None or not forward.least:
        return
    row.throughput = row.batch * 1e9 / forward.least
    if at_best is not None and macs is not None and traffic:
        share = at_best.seconds(macs, traffic) / (forward.least / 1e9)
        multiplied = macs / at_best.macs / (forward.least / 1e9)
        # Small data lives in caches, which a large copy does not measure.
        row.roofline = share if share <= 1 or multiplied >= share else None
        if multiplied > _TOO_FAST and forward.status == "trusted":
            forward.status = "undecided"
            forward.why = f"{multiplied:.1f} times as fast as this device multiplies"


def compared(target: str, rows: Sequence[Row], found: Measured, verdict: str = "") -> Against:
    """Return each row's ratio, this / the other, with its interval and its answer.

    A ratio is that of two fresh processes that took turns.

    Args:
        target: the other side, as it was named.
        rows: the report's rows.
        found: results in pairs.
        verdict: of the other side's audit, if there is one.
    """
    told = [
        judged(row, mode, *paired(found.times, found.others, f"r{number}:{mode}"))
        for number, row in enumerate(rows)
        for mode, _ in row.timed
    ]
    answers = {one.answer for one in told}
    ratios = [one.ratio for one in told if one.ratio is not None]
    intervals = [one.interval for one in told if one.interval]
    low, high = ([end[side] for end in intervals] for side in (0, 1))
    return Against(
        target=target,
        ratio=stats.median(ratios) if ratios else None,
        interval=(min(low), max(high)) if intervals else None,
        answer=answers.pop() if len(answers) == 1 else "undecided",
        rows=told,
        verdict=verdict,
    )


def judged(row: Row, mode: str, ratios: Sequence[float], why: str = "") -> Paired:
    """Return ratio, interval and answer of paired ratios: faster, slower or undecided.

    Faster is an interval that lies below 1 with at least 95 % confidence, which takes six pairs.
    """
    told = Paired(
        input=row.input,
        dtype=row.dtype,
        compile=row.compile,
        channels_last=row.channels_last,
        mode=mode,
        ratios=[*ratios],
        answer="undecided",
        why=why,
    )
    if not ratios:
        return told
    interval, confidence = between(ratios)
    if interval is not None and confidence >= CONFIDENCE:
        told.answer = "faster" if interval[1] < 1 else "slower" if interval[0] > 1 else "undecided"
    told.ratio, told.interval, told.confidence = stats.median(ratios), interval, confidence
    return told
