"""Audit every case and say how many answers are right: recall, alarms, part and cause.

    python -m tests.operators.measure [--jobs N] [--only GLOB] [--timeout S] [-o FILE] [--resume]

``--only`` takes operators' ids, files and classes (``MZM``, ``llama*``). Each case is one
``attncheck audit SPEC FILE:CLASS`` without further options. FILE holds every answer as soon as it
is there; with ``--resume`` those in it are not asked for again. The exit status is 1 where a right
module is accused.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from statistics import median
from typing import Any

from tests.operators.cases import CASES, OPERATORS, Case
from tests.operators.diagnosis import all_words, headline, parts, says, verdict, words


@dataclass
class Answer:
    """What an audit said of a case, and how much of it is right."""

    name: str
    spec: str
    id: str
    want: str
    verdict: str
    seconds: float
    right: bool
    part: bool = False
    cause: bool = False
    cause_first: bool = False
    parts: tuple[str, ...] = ()
    says: str = ""
    also: str = ""
    file: str = ""


def audited(case: Case, timeout: float) -> tuple[dict[str, Any], float]:
    """Return the report's subject of one audit, or what was said in its place, and the seconds."""
    command = [sys.executable, "-m", "attncheck", "audit", case.spec, case.target]
    start = time.monotonic()
    try:
        run = subprocess.run(
            [*command, "--jobs", "1", "--format", "json"],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"verdict": "no answer"}, time.monotonic() - start
    spent = time.monotonic() - start
    try:
        return json.loads(run.stdout)["subjects"][0], spent
    except (ValueError, LookupError):
        return {"verdict": "refused", "said": run.stderr[-2000:]}, spent


def judged(case: Case, subject: dict[str, Any], seconds: float) -> Answer:
    """Say what of an answer is right."""
    found = verdict(subject)
    answer = Answer(case.name, case.spec, case.id, case.want, found, round(seconds, 1), False)
    answer.file = case.file
    if case.want == "conforms":
        answer.right = found == "conforms"
        answer.says = words(headline(subject)) or str(subject.get("said", ""))
        return answer
    operator, softer = OPERATORS[case.id], case.want != "violates"
    first, told = headline(subject, advice=softer), all_words(subject, advice=softer)
    about = says(told, operator.cause)
    known = found in ("violates", "variant") if case.want == "told" else found == "violates"
    # What is no fault of the function is found when it is said, whatever the verdict.
    answer.right = known or (softer and about)
    answer.parts = tuple(sorted(parts(first)))
    answer.part = answer.right and bool(set(operator.category) & set(answer.parts))
    answer.cause = answer.right and about
    answer.cause_first = answer.right and says(words(first), operator.cause)
    answer.says, answer.also = words(first) or str(subject.get("said", "")), told
    return answer


def _share(some: int, all_: int) -> str:
    return f"{some} of {all_}" + (f" ({100 * some / all_:.1f} %)" if all_ else "")


def shown(answers: list[Answer]) -> str:
    """Return the figures and what is wrong, in plain text."""
    faulty = [a for a in answers if a.want != "conforms"]
    equal = [a for a in answers if a.want == "conforms"]
    caught = [a for a in faulty if a.right]
    silent = [a for a in faulty if a.want == "violates" and a.verdict in ("conforms", "variant")]
    alarms = [a for a in equal if a.verdict == "violates"]
    lines = []
    for a in answers:
        if a.want == "conforms" and not a.right:
            lines.append(f"{'ALARM' if a in alarms else 'right'}  {a.spec} {a.name}: {a.verdict}")
        elif a.want != "conforms" and not (a.right and a.part and a.cause):
            lacks = "missed" if not a.right else "part" if not a.part else "cause"
            lines.append(f"{lacks:6} {a.id} {a.spec} {a.name}: {a.verdict} {', '.join(a.parts)}")
        else:
            continue
        lines += [f"         {line[:150]}" for line in a.says.splitlines()[:2]]
    seconds = [a.seconds for a in answers] or [0.0]
    part, cause = sum(a.part for a in caught), sum(a.cause for a in caught)
    lines += [
        "",
        f"recall           {_share(len(caught), len(faulty))}",
        f"exit 0 on faulty {len(silent)}",
        f"alarms           {_share(len(alarms), len(equal))}",
        f"proven right     {_share(sum(a.right for a in equal), len(equal))}",
        f"right part       {_share(part, len(caught))} of the found, {_share(part, len(faulty))}",
        f"right cause      {_share(cause, len(caught))} of the found, {_share(cause, len(faulty))}",
        f"  in the headline {_share(sum(a.cause_first for a in caught), len(caught))}",
        f"seconds          {median(seconds):.1f} median, {max(seconds):.1f} at most",
    ]
    return "\n".join(lines)


def main() -> int:
    """Audit, print the figures, and write the answers where it is asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", action="append", default=[], metavar="GLOB")
    parser.add_argument("--timeout", type=float, default=300.0)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    asked = [
        case
        for case in CASES
        if not options.only
        or any(
            fnmatch(text, glob) for glob in options.only for text in (case.id, case.file, case.name)
        )
    ]
    known = _kept(options.output) if options.resume else {}
    lock = threading.Lock()

    def answer(case: Case) -> None:
        if _key(case) in known:
            return
        found = judged(case, *audited(case, options.timeout))
        with lock:
            known[_key(case)] = found
            print(".", end="", file=sys.stderr, flush=True)
            _write(options.output, [known[_key(one)] for one in CASES if _key(one) in known])

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(answer, asked))
    print(file=sys.stderr)
    answers = [known[_key(case)] for case in asked]
    print(shown(answers))
    return any(a.want == "conforms" and a.verdict == "violates" for a in answers)


def _key(one: Case | Answer) -> tuple[str, str, str]:
    return one.spec, one.file, one.name


def _kept(path: Path | None) -> dict[tuple[str, str, str], Answer]:
    """Return the answers that a file holds."""
    if path is None or not path.exists():
        return {}
    answers = [Answer(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]
    return {_key(answer): answer for answer in answers}


def _write(path: Path | None, answers: list[Answer]) -> None:
    """Write all answers so far, the whole file at once: a run that is cut loses nothing."""
    if path is None:
        return
    text = json.dumps([asdict(answer) for answer in answers], indent=1, ensure_ascii=False)
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
