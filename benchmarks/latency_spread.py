"""How far apart two measurements of one latency lie: ours, and those of other tools.

    python -m benchmarks.latency_spread [--rounds 8] [--neighbour]

A round measures each module once with every method, each with the same time: attncheck's estimate
is made of three fresh processes, the others have one process for three times as long, as they are
used. Shown is, for each method, how rounds differ: (max - min) / median, and 1.4826 × the median
absolute deviation / median; the last column is the median over modules. What one run says of its
own error is no measure of this.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.neighbour import neighbours

MODULES = {"se": 32, "cbam": 32, "gam": 16, "cca": 32, "pam": 24}
SECONDS = 0.5
PROCESSES = 3
_CHILD = "--child"


def calls() -> dict[str, Callable[[], object]]:
    """Return a forward pass of each module."""
    import torch

    from attncheck.catalogue import load
    from attncheck.profiling.calling import ready
    from attncheck.profiling.measure import Measure, RowAsked
    from attncheck.profiling.opening import dims_of_row
    from attncheck.target.preparing import Request, prepare

    torch.set_num_threads(1)
    found: dict[str, Callable[[], object]] = {}
    for name, size in MODULES.items():
        document = load(name).document
        request = Request("r", document.reference, arguments=document.reference_arguments)
        subject = prepare(document, request)[0]
        row = RowAsked(size=size, batch=1)
        found[name] = ready(subject, dims_of_row(subject, Measure(), row), row, "cpu").infer
    return found


def ours(call: Callable[[], object]) -> dict[str, float]:
    """Return what one of attncheck's processes says of a call."""
    from attncheck.devices import open_device
    from attncheck.timing.sampling import Budget, sampled
    from attncheck.timing.workload import workload

    beside = workload("cpu")
    told = sampled(open_device("cpu"), lambda: call, lambda: beside, Budget(SECONDS)).digest()
    return {"least": told.least, "p10": told.p10, "ratio": told.own / told.beside}


def others(call: Callable[[], object]) -> dict[str, float]:
    """Return seconds of a call by each other method, given the time of all our processes."""
    import torch.utils.benchmark

    seconds = PROCESSES * SECONDS
    timer = torch.utils.benchmark.Timer("call()", globals={"call": call})
    blocked = timer.blocked_autorange(min_run_time=seconds)
    rounds: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rounds) < 5:
        start = time.perf_counter()
        call()
        rounds.append(time.perf_counter() - start)
    number, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        call()
        number += 1
    return {
        "pytest-benchmark: min": min(rounds),
        "pytest-benchmark: median": statistics.median(rounds),
        "Timer.blocked_autorange: median": blocked.median,
        "Timer.blocked_autorange: mean": blocked.mean,
        "naive loop: mean": (time.perf_counter() - begin) / number,
    }


def one_round() -> dict[str, dict[str, float]]:
    """Return module -> method -> estimate."""
    parts = [_child("ours") for _ in range(PROCESSES)]
    found = _child("others")
    for name, told in found.items():
        said = [part[name] for part in parts]
        told["attncheck: quickest"] = min(one["least"] for one in said)
        told["attncheck: p10"] = statistics.median(one["p10"] for one in said)
        told["attncheck: ratio"] = statistics.median(one["ratio"] for one in said)
    return found


def _child(which: str) -> dict[str, dict[str, float]]:
    words = [sys.executable, "-m", "benchmarks.latency_spread", _CHILD, which]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def spread(values: list[float]) -> tuple[float, float]:
    """Return range and scaled median absolute deviation, relative to the median."""
    middle = statistics.median(values)
    deviation = statistics.median(abs(value - middle) for value in values)
    return (max(values) - min(values)) / middle, 1.4826 * deviation / middle


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--neighbour", action="store_true", help="beside two hogging processes")
    asked = parser.parse_args()
    with neighbours(2 * asked.neighbour):
        runs = [one_round() for _ in range(asked.rounds)]
    methods = next(iter(runs[0].values()))
    rows = []
    for method in methods:
        spreads = [spread([run[name][method] for run in runs]) for name in MODULES]
        middle = tuple(statistics.median(one) for one in zip(*spreads, strict=True))
        rows.append((middle[0], method, [*spreads, middle]))
    print("| range / MAD, % | " + " | ".join([*MODULES, "median"]) + " |")
    print("| --- |" + " ---: |" * (len(MODULES) + 1))
    for _, method, spreads in sorted(rows):
        cells = " | ".join(f"{100 * wide:.1f} / {100 * mad:.1f}" for wide, mad in spreads)
        print(f"| {method} | {cells} |")


if __name__ == "__main__":
    if _CHILD in sys.argv:
        measure = ours if sys.argv[-1] == "ours" else others
        print(json.dumps({name: measure(call) for name, call in calls().items()}))
    else:
        main()
