"""Run the benchmarks and compare them with a stored run, ratio by ratio.

    python -m tests.benchmarks [--store] [pytest options]

A time is divided by its yardstick's, so that a slower or busier machine changes little; what is
compared is that ratio with the stored one. ``--store`` makes this run the stored one. Nothing is
asserted: a busy machine makes every number of it worse.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

STORED = Path(__file__).with_name("stored.json")
BENCHMARKS = Path(__file__).with_name("bench_attncheck.py")
_APART = 1.25
"""A ratio that moved by more than this is pointed at."""


def measured(options: list[str]) -> dict[str, dict[str, float]]:
    """Return seconds, and ratio to its yardstick, of each benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        words = [sys.executable, "-m", "pytest", str(BENCHMARKS), "-p", "no:xdist", *options]
        quiet = ["--benchmark-disable-gc", "--benchmark-columns=min,median,rounds"]
        subprocess.run([*words, *quiet, f"--benchmark-json={path}"], check=False)
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {
        one["name"].removeprefix("test_"): {
            "seconds": float(f"{one['stats']['min']:.4g}"),
            "ratio": float(f"{one['stats']['min'] / one['extra_info']['beside']:.4g}"),
        }
        for one in raw["benchmarks"]
    }


def compared(now: dict[str, dict[str, float]], stored: dict[str, dict[str, float]]) -> str:
    """Return a table: seconds, ratio to the yardstick, the stored ratio, and how it moved."""
    lines = [f"{'benchmark':<36}{'seconds':>10}{'× yardstick':>13}{'stored':>9}{'moved':>8}"]
    for name, found in now.items():
        line = f"{name:<36}{found['seconds']:>10.4f}{found['ratio']:>13.2f}"
        if name in stored:
            moved = found["ratio"] / stored[name]["ratio"]
            mark = " slower" if moved > _APART else " faster" if moved < 1 / _APART else ""
            line += f"{stored[name]['ratio']:>9.2f}{moved:>7.2f}×{mark}"
        lines.append(line)
    gone = sorted(set(stored) - set(now))
    return "\n".join([*lines, *(f"{name}: stored, and not measured now" for name in gone)])


def main(words: list[str]) -> None:
    """Run, compare, and store where that is asked for."""
    now = measured([word for word in words if word != "--store"])
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    print(compared(now, stored))
    if "--store" in words:
        STORED.write_text(json.dumps({**stored, **now}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
