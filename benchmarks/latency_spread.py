"""How far apart two measurements of one latency lie: ours, and those of other tools.

    python -m benchmarks.latency_spread [--rounds 8] [--neighbour]

A round measures each module once with every method, as each is used: attncheck in fresh processes
of half a second until two agree on the quickest call (three to twelve), the others in one process
for as long as attncheck took samples in all. Shown is, for each method, how rounds differ:
(max - min) / median, and 1.4826 × the median absolute deviation / median; the last column is the
median over modules. What one run says of its own error is no measure of this.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

from benchmarks.latency_methods import MODULES, SECONDS, calls, others, ours
from benchmarks.neighbour import neighbours

_CHILD = "--child"


def one_round() -> dict[str, dict[str, float]]:
    """Return module -> method -> estimate."""
    found = _child("ours")
    seconds = {name: told.pop("seconds") for name, told in found.items()}
    for name, told in _child(json.dumps(seconds)).items():
        found[name] |= told
        found[name]["processes"] = seconds[name] / SECONDS * 3 / 4
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
    processes = statistics.mean(told.pop("processes") for run in runs for told in run.values())
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
    load = os.getloadavg()[1]
    print(
        f"\n{asked.rounds} rounds; {processes:.1f} processes of attncheck's each; load {load:.1f}"
    )


if __name__ == "__main__":
    if _CHILD not in sys.argv:
        main()
    elif sys.argv[-1] == "ours":
        print(json.dumps(ours()))
    else:
        given = json.loads(sys.argv[-1])
        print(json.dumps({name: others(call, given[name]) for name, call in calls().items()}))
