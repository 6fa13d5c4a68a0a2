"""What ``attncheck gate`` costs beside the libraries that it cannot do without.

Fresh processes in turns; processor time, which a busy machine changes less than the clock, and the
clock. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attncheck.data.report import Finding, Report, Status, SubjectReport, Verdict
from attncheck.data.report_file import sealed
from attncheck.data.stats import median

ATTNCHECK = str(Path(sys.executable).with_name("attncheck"))
BESIDE = [sys.executable, "-c", "import msgspec, typer"]


def cost(command: list[str]) -> tuple[float, float]:
    """Return processor and wall seconds of one fresh process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def report(subjects: int) -> Report:
    """Return a report of this many subjects with 30 claims each."""
    findings = [Finding(f"claim-{n}", "runs", Status.HOLDS) for n in range(30)]
    return Report(
        environment={"torch": "2", "attncheck": "0", "machine": "x"},
        subjects=[
            SubjectReport("spec", f"s{n}", f"a.py:S{n}", Verdict.CONFORMS, findings, spec_hash="0")
            for n in range(subjects)
        ],
    )


def main() -> None:
    """Print medians and paired ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    for subjects in (1, 100):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "report.json")
            Path(path).write_bytes(sealed(report(subjects)))
            command = [ATTNCHECK, "gate", path, "--baseline", path]
            pairs = [(cost(command), cost(BESIDE)) for _ in range(rounds)]
        for place, name in enumerate(("processor", "clock")):
            own = [one[place] for one, _ in pairs]
            ratio = median([one[place] / other[place] for one, other in pairs])
            print(f"{subjects:>4} subjects  {name:<9}  {median(own):.3f} s  {ratio:.2f} times")


if __name__ == "__main__":
    main()
