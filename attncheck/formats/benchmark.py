"""pytest-benchmark's JSON: the latencies of a report's profiles, for tools that read it already.

Each timed call is one benchmark, grouped by its input, so that ``pytest-benchmark compare`` puts
the modules of one size beside each other. Times are seconds, from every sample of every process.
A report without profiles gives a file without benchmarks.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from attncheck.data.profile import Profile, Row, Timing
from attncheck.data.report import Report, SubjectReport

_NANOSECONDS = 1e-9
_KEPT = ("parameters", "macs", "peak_bytes", "throughput", "energy_j")
_FLAGS = ("compile", "channels_last")


class BenchmarkFormat:
    """The timed calls of a report as pytest-benchmark writes them."""

    name = "benchmark"
    suffixes = (".benchmark.json",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the JSON of ``pytest --benchmark-json``; colour and width change nothing."""
        document = {
            "machine_info": dict(report.environment),
            "commit_info": {},
            "benchmarks": [one for subject in report.subjects for one in _benchmarks(subject)],
            "datetime": "",
            "version": "5.0.0",
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _benchmarks(subject: SubjectReport) -> Iterator[dict[str, Any]]:
    if (profile := subject.profile) is None:
        return
    for row in profile.rows:
        for direction, timed in row.timed:
            samples = [one for process in timed.processes for one in process]
            if samples:
                group = " ".join([direction, *_said(profile, row)])
                yield _benchmark(subject, group, row, samples) | {
                    "extra_info": _extra(profile, row, timed)
                }


def _said(profile: Profile, row: Row) -> list[str]:
    flags = [flag for flag in _FLAGS if getattr(row, flag)]
    return [*filter(None, [row.input, row.dtype, profile.device]), *flags]


def _extra(profile: Profile, row: Row, timed: Timing) -> dict[str, Any]:
    kept = ("least", "p10", "ratio", "status", "why")
    about = ("threads", "disturbed", "warning")
    extra = {key: getattr(row, key) for key in _KEPT if getattr(row, key) is not None}
    extra |= {key: getattr(timed, key) for key in kept if getattr(timed, key)}
    return extra | {key: getattr(profile, key) for key in about if getattr(profile, key)}


def _benchmark(
    subject: SubjectReport, group: str, row: Row, samples: Sequence[float]
) -> dict[str, Any]:
    name = f"{subject.spec}@{subject.subject}[{group}]"
    return {
        "group": group,
        "name": name,
        "fullname": f"{subject.target}::{name}",
        "params": {"input": row.input, "dtype": row.dtype},
        "param": None,
        "extra_info": {},
        "options": {"disable_gc": False, "timer": "attncheck", "min_rounds": len(samples)},
        "stats": _statistics([one * _NANOSECONDS for one in samples]),
    }


def _statistics(data: list[float]) -> dict[str, Any]:
    """Return what pytest-benchmark tells of samples, computed as it does."""
    ordered = sorted(data)
    mean, deviation = statistics.fmean(data), statistics.stdev(data) if len(data) > 1 else 0.0
    q1, median, q3 = (
        statistics.quantiles(data, n=4, method="inclusive") if len(data) > 1 else ordered * 3
    )
    spread = q3 - q1
    low, high = q1 - 1.5 * spread, q3 + 1.5 * spread
    inside = [one for one in ordered if low <= one <= high]
    far = sum(abs(one - mean) > deviation for one in data)
    outside = len(data) - len(inside)
    return {
        "min": ordered[0],
        "max": ordered[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": len(data),
        "median": median,
        "iqr": spread,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": outside,
        "stddev_outliers": far,
        "outliers": f"{far};{outside}",
        "ld15iqr": inside[0],
        "hd15iqr": inside[-1],
        "ops": 1 / mean if mean else 0.0,
        "total": sum(data),
        "data": data,
        "iterations": 1,
    }


FORMAT = BenchmarkFormat()
