"""Ask of every case what it is, each in a process of its own, and say how often that was right.

    python -m tests.identity.measure [--corpus FOLDER]… [--only GLOB] [--nameless] -o FILE

What FILE, one line of JSON for each answer, holds already is not asked again. *Right* is the first
answer; *related* is one of which the wanted mechanism is a case, or the reverse (``specialises``).
Seconds are the processor's, of one thread, after torch and the catalogue were loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from statistics import median
from typing import Any

import torch

from attncheck.auditing.identified import identified
from attncheck.catalogue import load
from attncheck.errors import AttncheckError
from attncheck.reference.mechanism import Mechanism
from attncheck.signature.inputs import parse_input
from attncheck.signature.resolve import resolve
from attncheck.spec.kinship import akin
from attncheck.spec.shelf import spec_ids
from attncheck.subject.prepare import Request
from tests.identity.cases import TESTS, IdentityCase, cases

_SECONDS = 120


def answered(case: IdentityCase, *, by_name: bool) -> dict[str, Any]:
    """Return what a child says of a case, and the processor's seconds that it took."""
    reads, writes = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reads)
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        with os.fdopen(writes, "w") as out:
            json.dump(_said(case, by_name=by_name), out)
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as told:
        text = told.read()
    _, status, used = os.wait4(child, 0)
    said = json.loads(text) if text else {"refused": f"its process ended with {status}"}
    return {"case": case.key, "wants": case.wants, **said, "seconds": used.ru_utime + used.ru_stime}


def _said(case: IdentityCase, *, by_name: bool) -> dict[str, Any]:
    request = Request(
        name=case.name,
        target=f"{case.path}:{case.name}",
        arguments=case.arguments,
        inputs=[parse_input(text) for text in case.inputs],
    )
    try:
        found = identified(request, by_name=by_name)
    except AttncheckError as error:
        return {"refused": str(error)}
    changes = ", ".join(found.changes)
    return {"is": found.mechanism or "", "known": found.known, "also": found.also, "as": changes}


def standing(answer: dict[str, Any]) -> str:
    """Return ``right``, ``related``, ``also``, ``wrong``, ``missed`` or ``refused``."""
    wants, found = answer["wants"], answer.get("is", "")
    if "refused" in answer:
        return "refused"
    if found and answer["known"] == "named":
        found = ""  # nothing but its name
    if found == wants:
        return "right"
    if found and wants and akin(found, wants):
        return "related"
    if not found:
        return "missed"
    return "also" if wants in answer["also"] else "wrong"


def page(answers: Sequence[dict[str, Any]]) -> str:
    """Return what was not right, then the figures of each group."""
    lines = [
        f"{standing(a):8} {a['case']}: wants {a['wants'] or 'none'}, "
        f"is {a.get('is') or a.get('refused') or 'none'} ({a.get('known', '')}) "
        f"{' '.join(a.get('also', []))} {a.get('as', '')} {a['seconds']:.1f} s"
        for a in answers
        if standing(a) != "right"
    ]
    for group in [*dict.fromkeys(a["case"].partition("/")[0] for a in answers), ""]:
        own = [a for a in answers if a["case"].startswith(group)]
        if not own:
            continue
        number = {kind: sum(standing(a) == kind for a in own) for kind in ("right", "related")}
        fair = number["right"] + number["related"]
        seconds = [a["seconds"] for a in own]
        lines.append(
            f"{group or 'all':10} {number['right']} right and {number['related']} related of "
            f"{len(own)} ({100 * fair / len(own):.1f} %), "
            f"{median(seconds):.1f} CPU s median, {max(seconds):.1f} at most"
        )
    return "\n".join(lines)


def _warm() -> None:
    """Load once what each child needs."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    for name in spec_ids():
        spec = load(name)
        if spec.document.reference:
            assert isinstance(resolve(spec.document.reference), Mechanism | type)


def main() -> int:
    """Ask, keeping each answer at once, and print the figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--corpus", action="append", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB")
    parser.add_argument("--nameless", action="store_true", help="a class's name says nothing")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    globs = options.only or ["*"]
    asked = [
        case
        for case in cases([TESTS / "corpus", *options.corpus])
        if any(fnmatch(case.key, glob) for glob in globs)
    ]
    known: dict[str, dict[str, Any]] = {}
    if options.output.exists():
        lines = options.output.read_text(encoding="utf-8").splitlines()
        known = {one["case"]: one for one in map(json.loads, lines)}
    _warm()
    with options.output.open("a", encoding="utf-8") as kept:
        for case in asked:
            if case.key not in known:
                known[case.key] = answered(case, by_name=not options.nameless)
                print(json.dumps(known[case.key]), file=kept, flush=True)
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(page([known[case.key] for case in asked]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
