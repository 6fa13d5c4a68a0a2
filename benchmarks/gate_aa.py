"""Does the gate cry wolf? Gate decisions on unchanged code, and on planted slowdowns.

    python -m benchmarks.gate_aa                real timing, as the machine is
    python -m benchmarks.gate_aa --neighbour    beside a process that hogs a core on and off
    python -m benchmarks.gate_aa --simulate     drawn noise, thousands of decisions in seconds

Each window is one ``attncheck.gate.gate`` on two reports, with the pairs of fresh processes that
``attncheck profile --against`` would have measured, and decides six cases. Unchanged code is 10
calls against 10; the planted +10 % is 11 calls, real work; +5 % and +3 % are the ratios of
unchanged code times 1.05 and 1.03, so that they are exact. Results of a run with ``--keep FILE``
can be judged again.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from attncheck.data.report import Finding, Report, Status, SubjectReport, Verdict
from attncheck.data.stats import median, quantile
from attncheck.gate import Policy, gate
from benchmarks.neighbour import neighbours

PLANTS = {"unchanged": 1.0, "+3 %": 1.03, "+5 %": 1.05, "+10 %": 1.10}
_EXACT = {"unchanged": 1.0, "+3 %": 1.03, "+5 %": 1.05}
Round = tuple[float, float]
"""One pair's ratio of unchanged code, and of 10 % more work."""
Window = list[list[Round]]
"""The rounds of each case."""


def decided(cases: list[list[float]], policy: Policy) -> list[str]:
    """Return the gate's answers to the latencies of one report."""
    rows = [{"input": str(number), "ratios": ratios} for number, ratios in enumerate(cases)]
    against = {"target": "a.py@main:A", "rows": rows}
    base, now = _report({}), _report({"device": "cpu", "threads": 1, "against": against})
    result = gate(now, base, policy, today=datetime.date.today())
    return [c.answer.value for c in result.checks if c.claim.startswith("latency")]


def _report(profile: dict[str, object]) -> Report:
    subject = SubjectReport(
        "a", "A", "a.py:A", Verdict.CONFORMS, [Finding("runs", "runs", Status.HOLDS)]
    )
    subject.profile = profile
    return Report(environment={}, subjects=[subject])


def measured(windows: int, pairs: int, threads: int) -> Iterator[Window]:
    """Yield windows of rounds; each ratio is of two fresh processes that take turns."""
    from benchmarks.aa_cases import CALLS, CASES, ratios

    more = round(CALLS * PLANTS["+10 %"])
    for _ in range(windows):
        found = [ratios(threads, pair, more) for pair in range(pairs)]
        yield [[one[case] for one in found] for case in CASES]


def simulated(windows: int, pairs: int, noise: str) -> Iterator[Window]:
    """Yield windows of drawn rounds: heavy tails, slow halves and drift, as machines have them.

    ``quiet`` is 1 % of log-normal noise per process; ``neighbour`` adds a share of processes that
    are slowed by up to 1.7 all along; ``cauchy`` has no mean and no variance at all.
    """
    draw = random.Random(0)
    drift = 0.0

    def one() -> float:
        if noise == "cauchy":
            return 1 + 0.01 * abs(math.tan(math.pi * (draw.random() - 0.5)))
        low = math.exp(draw.gauss(0, 0.01))
        if noise == "neighbour" and draw.random() < 0.15:
            low *= draw.uniform(1.0, 1.7)
        return low * (1 + draw.paretovariate(3) * 0.005)

    for _ in range(windows):
        window: list[Round] = []
        for _ in range(pairs):
            drift = 0.98 * drift + draw.gauss(0, 0.02)
            base, same, slower = (one() * math.exp(drift) for _ in range(3))
            window.append((same / base, PLANTS["+10 %"] * slower / base))
        yield [window]


def answers(windows: list[Window], policy: Policy) -> dict[str, Counter[str]]:
    """Return for each planted slowdown how often the gate gave which answer."""
    found: dict[str, Counter[str]] = {name: Counter() for name in PLANTS}
    for window in windows:
        for name, factor in _EXACT.items():
            same = [[same * factor for same, _ in case] for case in window]
            found[name].update(decided(same, policy))
        slower = [[slower for _, slower in case] for case in window]
        found["+10 %"].update(decided(slower, policy))
    return found


def table(name: str, windows: list[Window], policy: Policy) -> str:
    """Return the rows of the page: one for each planted slowdown."""
    ratios = [same for window in windows for case in window for same, _ in case]
    spread = f"{quantile(ratios, 0.1):.3f} to {quantile(ratios, 0.9):.3f}"
    lines = []
    for plant, counts in answers(windows, policy).items():
        total = sum(counts.values())
        shares = [
            f"{counts[a]} ({counts[a] / total:.1%})" for a in ("holds", "undecided", "regressed")
        ]
        lines.append(f"| {name} | {spread} | {plant} | {total} | {' | '.join(shares)} |")
    return "\n".join(lines)


HEAD = (
    "| noise | ratios of unchanged code, p10 to p90 | planted | decisions | holds | undecided "
    "| regressed |\n| --- | --- | --- | ---: | ---: | ---: | ---: |"
)


def main() -> None:
    """Measure or draw, decide, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--budget", type=float, default=0.05)
    parser.add_argument("--neighbour", action="store_true")
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--minutes", type=float, default=60, help="stop after so long")
    parser.add_argument("--keep", type=Path, help="write the ratios here")
    parser.add_argument("--judge", type=Path, help="judge the ratios of this file")
    asked = parser.parse_args()
    policy = Policy(slower=asked.budget, same=())
    print(HEAD)
    if asked.simulate:
        for noise in ("quiet", "neighbour", "cauchy"):
            drawn = list(simulated(asked.windows, asked.pairs, noise))
            print(table(f"drawn: {noise}", drawn, policy))
        return
    name = "a hogging neighbour" if asked.neighbour else "as it was"
    if asked.judge:
        print(table(name, json.loads(asked.judge.read_text()), policy))
        return
    windows = _run(asked, measured(asked.windows, asked.pairs, asked.threads))
    print(table(name, windows, policy))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    middle = median([same for window in windows for case in window for same, _ in case])
    print(f"\n{os.cpu_count()} cores, load {load}; median of unchanged code {middle:.4f}")


def _run(asked: argparse.Namespace, source: Iterator[Window]) -> list[Window]:
    from attncheck.execution.starting import cool_down

    end = time.monotonic() + 60 * asked.minutes
    windows: list[Window] = []
    try:
        with neighbours(1 * asked.neighbour):
            for window in source:
                windows.append(window)
                if asked.keep:
                    asked.keep.write_text(json.dumps(windows))
                if time.monotonic() > end:
                    break
    except KeyboardInterrupt:
        pass
    finally:
        cool_down()
    return windows


if __name__ == "__main__":
    main()
