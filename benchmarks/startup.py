"""How long the command line takes, next to the imports that it cannot do without.

Each command runs in fresh processes, interleaved with what it is compared with; medians are
printed, and nothing is asserted: a busy machine makes every number of it worse.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

ATTNCHECK = str(Path(sys.executable).with_name("attncheck"))
PAIRS = {
    "attncheck --help": "import typer, rich.console",
    "attncheck list": "import typer, rich.console",
    "attncheck audit gam": "import torch",
}


def seconds(command: list[str]) -> float:
    """Return the wall time of one fresh process."""
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - start


def main() -> None:
    """Print a table of medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{'command':<22}{'seconds':>9}   {'beside':<28}{'seconds':>9}{'ratio':>8}")
    for name, beside in PAIRS.items():
        command, other_command = [ATTNCHECK, *name.split()[1:]], [sys.executable, "-c", beside]
        seconds(other_command)
        pairs = [(seconds(command), seconds(other_command)) for _ in range(rounds)]
        own, other = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"{name:<22}{own:>9.2f}   {beside:<28}{other:>9.2f}{own / other:>8.2f}")


if __name__ == "__main__":
    main()
