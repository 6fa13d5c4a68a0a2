"""Every reference under every limit of use: ``python -m tests.limits [SPEC…]``.

What a reference cannot be used for stands in its spec, under ``[waives]``, with the reason. The
inductor is left to audits that ask for it: compiling every reference takes half an hour.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attncheck.catalogue import load
from attncheck.spec.shelf import spec_ids

LEFT_OUT = "compile inductor"
_MAIN = "import sys; from attncheck.cli import main; sys.exit(main())"


def names(specs: Sequence[str]) -> list[str]:
    """Return the claims of these specs that speak of a limit of use."""
    claims = {name: claim for spec in specs for name, claim in load(spec).claims.items()}
    return sorted(name for name, claim in claims.items() if claim.limit and name != LEFT_OUT)


def audited(specs: Sequence[str]) -> list[dict[str, Any]]:
    """Return what the report says of the reference of each spec."""
    chosen = [word for name in names(specs) for word in ("--claim", name)]
    words = ["audit", *(f"{spec}@reference" for spec in specs), *chosen]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "limits.json"
        command = [sys.executable, "-c", _MAIN, *words, "--limits", "all", "-q", "-o", str(report)]
        subprocess.run(command, check=False)
        subjects: list[dict[str, Any]] = json.loads(report.read_text())["subjects"]
        return subjects


def undeclared(subjects: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what a reference cannot do or what could not be decided, and no spec says so."""
    for subject in subjects:
        waived = load(subject["spec"]).document.waives
        for finding in subject["findings"]:
            message = finding.get("message", "")
            open_ = finding["status"] in ("violated", "undecided", "error")
            if open_ and finding["claim"] not in waived and "not installed" not in message:
                yield f"{subject['spec']}: {finding['claim']} {finding['status']}: {message}"


def main(words: Sequence[str]) -> int:
    """Print what is undeclared; 1 where anything is."""
    started = time.monotonic()
    with_reference = [name for name in spec_ids() if load(name).document.reference]
    subjects = audited(list(words) or with_reference)
    found = list(undeclared(subjects))
    print("\n".join(found))
    told = Counter(f["status"] for subject in subjects for f in subject["findings"])
    print(f"{len(subjects)} references, {dict(told)}, {time.monotonic() - started:.0f} s")
    return 1 if found or not subjects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
