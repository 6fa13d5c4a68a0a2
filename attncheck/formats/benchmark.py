"""pytest-benchmark's JSON: the latencies of a report's profiles, for tools that read it already.

Each timed call is one benchmark, grouped by its input, so that ``pytest-benchmark compare`` puts
the modules of one size beside each other. Times are seconds, from every sample of every process.
A report without profiles gives a file without benchmarks.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attncheck.data.profile import read_profile
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
    if not subject.profile or read_profile(subject.profile)[0] is None:
        return
    for row in subject.profile.get("rows") or []:
        for direction in ("forward", "backward"):
            timed = row.get(direction)
            samples = [one for process in (timed or {}).get("processes", []) for one in process]
            if samples:
                yield _benchmark(subject, row, direction, samples)


def _benchmark(
    subject: SubjectReport, row: Mapping[str, Any], direction: str, samples: Sequence[float]
) -> dict[str, Any]:
    profile, timed = subject.profile, row[direction]
    said = [str(row.get("input", "")), str(row.get("dtype", "")), str(profile.get("device", ""))]
    said += [flag for flag in _FLAGS if row.get(flag)]
    group = " ".join([direction, *filter(None, said)])
    name = f"{subject.spec}@{subject.subject}[{group}]"
    extra = {key: row[key] for key in _KEPT if row.get(key) is not None}
    kept = ("least", "p10", "ratio", "status", "why")
    extra |= {key: timed[key] for key in kept if timed.get(key)}
    extra |= {key: profile[key] for key in ("threads", "disturbed", "warning") if profile.get(key)}
    return {
        "group": group,
        "name": name,
        "fullname": f"{subject.target}::{name}",
        "params": {"input": row.get("input", ""), "dtype": row.get("dtype", "")},
        "param": None,
        "extra_info": extra,
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
