"""How far latency estimates of fresh processes lie apart: ours, and those of other tools.

    python benchmarks/latency_spread.py [--processes 8]

Each process measures each module once with every method, one after the other. Shown is, for each
method, the spread between processes, (max - min) / median, and 1.4826 × the median absolute
deviation / median; the last column is its median over modules. What a process says of itself is
no measure of this.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

MODULES = {"se": 32, "cbam": 32, "gam": 16, "cca": 32, "pam": 24}
_CHILD = "--child"


def methods(call: Callable[[], object]) -> dict[str, float]:
    """Return seconds of a call by each method, the ratio to the workload by ours."""
    import torch.utils.benchmark

    from attncheck.devices import open_device
    from attncheck.timing.sampling import Budget, sampled
    from attncheck.timing.workload import workload

    beside = workload("cpu")
    seen = sampled(open_device("cpu"), lambda: call, lambda: beside, Budget(0.5))
    told = seen.digest()
    timer = torch.utils.benchmark.Timer("call()", globals={"call": call})
    begin = time.perf_counter()
    for _ in range(100):
        call()
    naive = (time.perf_counter() - begin) / 100
    rounds = []
    end = time.perf_counter() + 0.5
    while time.perf_counter() < end or len(rounds) < 5:
        start = time.perf_counter()
        call()
        rounds.append(time.perf_counter() - start)
    return {
        "attncheck: ratio": told.own / told.beside,
        "attncheck: p10": told.p10,
        "pytest-benchmark: min": min(rounds),
        "pytest-benchmark: median": statistics.median(rounds),
        "Timer.blocked_autorange: median": timer.blocked_autorange(min_run_time=0.5).median,
        "Timer.timeit(100): mean": timer.timeit(100).mean,
        "naive loop of 100: mean": naive,
    }


def child() -> None:
    """Print what one process measures, as JSON."""
    import torch

    from attncheck.catalogue import load
    from attncheck.profiling.calling import ready
    from attncheck.profiling.measure import Measure, RowAsked
    from attncheck.profiling.opening import dims_of_row
    from attncheck.target.preparing import Request, prepare

    torch.set_num_threads(1)
    found = {}
    for name, size in MODULES.items():
        document = load(name).document
        request = Request("r", document.reference, arguments=document.reference_arguments)
        subject = prepare(document, request)[0]
        row = RowAsked(size=size, batch=1)
        found[name] = methods(
            ready(subject, dims_of_row(subject, Measure(), row), row, "cpu").infer
        )
    print(json.dumps(found))


def spread(values: list[float]) -> tuple[float, float]:
    """Return range and scaled median absolute deviation, relative to the median."""
    middle = statistics.median(values)
    deviation = statistics.median(abs(value - middle) for value in values)
    return (max(values) - min(values)) / middle, 1.4826 * deviation / middle


def main() -> None:
    """Run the processes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    words = [sys.executable, __file__, _CHILD]
    runs = []
    for _ in range(parser.parse_args().processes):
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{'range / MAD, %':<34}" + "".join(f"{name:>14}" for name in [*MODULES, "median"]))
    for method in next(iter(runs[0].values())):
        spreads = [spread([run[name][method] for run in runs]) for name in MODULES]
        spreads.append(tuple(statistics.median(one) for one in zip(*spreads, strict=True)))
        cells = "".join(f"{100 * wide:>8.1f} /{100 * mad:>4.1f}" for wide, mad in spreads)
        print(f"{method:<34}{cells}")


if __name__ == "__main__":
    child() if _CHILD in sys.argv else main()
