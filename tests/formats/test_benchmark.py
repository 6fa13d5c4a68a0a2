"""pytest-benchmark's own command reads what a profile becomes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from attncheck.data.profile import Profile, Row, Timing
from attncheck.data.report import Report, SubjectReport, Verdict
from attncheck.errors import UsageError
from attncheck.formats import find_format, format_for_file
from tests.formats import sample


def profile(scale: int) -> Profile:
    """Return a profile of one size, in two processes of three samples each."""
    timed = Timing(
        processes=[[scale * n for n in (1000, 1100, 1200)], [scale * n for n in (1050, 9000)]],
        p10=1000 * scale,
        median=1100 * scale,
    )
    row = Row(input="2x8x6x6", macs=64, forward=timed)
    return Profile(device="cpu", threads=1, rows=[row, Row(input="x")])


def report() -> Report:
    subjects = [
        SubjectReport("gam", name, f"m.py:{name}", Verdict.CONFORMS, profile=profile(scale))
        for name, scale in (("Slow", 3), ("Fast", 1))
    ]
    return Report(environment={"cores": 2}, subjects=subjects)


def test_every_timed_call_is_a_benchmark_in_seconds() -> None:
    document = json.loads(find_format("benchmark").render(report(), color=False, width=80))
    slow, fast = document["benchmarks"]
    assert slow["group"] == fast["group"] == "forward 2x8x6x6 float32 cpu"
    assert fast["stats"]["rounds"] == 5
    assert fast["stats"]["min"] == pytest.approx(1e-6)
    assert fast["stats"]["median"] == pytest.approx(1.1e-6)
    assert fast["stats"]["iqr_outliers"] == 1
    assert slow["stats"]["mean"] == pytest.approx(3 * fast["stats"]["mean"])
    assert fast["extra_info"]["macs"] == 64


def test_a_report_without_profiles_has_no_benchmarks() -> None:
    text = find_format("benchmark").render(sample.report(), color=False, width=80)
    assert json.loads(text)["benchmarks"] == []


def test_pytest_benchmark_compares_the_modules(tmp_path: Path) -> None:
    path = tmp_path / "speed.benchmark.json"
    path.write_text(find_format("benchmark").render(report(), color=False, width=80), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", str(path), "--group-by=group"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "gam@Fast" in done.stdout + done.stderr


def test_its_suffix_does_not_take_the_reports() -> None:
    assert format_for_file("a.json").name == "json"
    assert format_for_file("a.b.json").name == "json"
    assert format_for_file("a.benchmark.json").name == "benchmark"
    assert format_for_file("A.SARIF").name == "sarif"
    with pytest.raises(UsageError, match=r"no format writes '\.pdf' files"):
        format_for_file("a.pdf")
