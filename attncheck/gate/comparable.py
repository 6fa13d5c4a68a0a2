"""Whether two reports may be compared at all: same installation, complete, same question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attncheck.data.report import UNREAD, Report, SubjectReport
from attncheck.gate.pairing import same_target
from attncheck.gate.policy import Policy
from attncheck.gate.remedies import Remedies
from attncheck.gate.result import Answer, Check

_KEPT = {
    "python": re.compile(r"\S+ \d+\.\d+"),
    "numpy": re.compile(r"\d+\.\d+"),
    "system": re.compile(r"\S+"),
}
"""What of an entry may not change: no claim's verdict hangs on a patch or on a kernel's number."""
_NOT_ASKED = ("spec", "name", "target", "folder", "command", "claims", "costs", "profile")


def of_reports(
    report: Report, baseline: Report, policy: Policy, promote: str, timed: bool = False
) -> Iterator[Check]:
    """Yield what concerns the whole: environment, interruptions, what could not be audited.

    Args:
        report, baseline: what is compared.
        policy: which entries of the environment must be equal.
        promote: the command that makes the report the baseline.
        timed: whether latencies are judged, which bind the processor too.
    """
    differing = 0
    binding = [*policy.same, *(["processor"] if timed and "processor" not in policy.same else [])]
    for name in binding:
        before, now = baseline.environment.get(name), report.environment.get(name)
        if before is None or now is None:
            why = f"{name} is not stated by the {'baseline' if before is None else 'report'}"
        elif _kept(name, before) != _kept(name, now):
            why = f"another {name} than the baseline's"
        else:
            continue
        differing += 1
        yield Check(
            "",
            "environment",
            Answer.UNDECIDED,
            why,
            f"audit with the baseline's {name}, or promote this report: {promote}",
            _text(before),
            _text(now),
        )
    if not differing:
        now_ = ", ".join(f"{name} {report.environment[name]}" for name in binding)
        yield Check("", "environment", Answer.HOLDS, now=now_)
    for who, one in (("baseline", baseline), ("report", report)):
        if one.partial:
            why = f"the {who} was interrupted: not every claim was tried"
            again = promote if who == "baseline" else "audit again, to the end"
            yield Check("", "complete", Answer.UNDECIDED, why, again)
        for problem in one.problems:
            name = f"{problem.spec}@{problem.subject}"
            why = f"could not be audited for the {who}: {problem.what}"
            yield Check(name, "audited", Answer.UNDECIDED, why, problem.instead or "audit again")


def _kept(name: str, value: object) -> object:
    found = _KEPT[name].match(value) if name in _KEPT and isinstance(value, str) else None
    return found[0] if found else value


def notes_of(report: Report, baseline: Report, policy: Policy, timed: bool) -> Iterator[str]:
    """Yield what differs or is missing and binds nothing."""
    before, now = baseline.environment.get("processor"), report.environment.get("processor")
    if before != now and not timed and "processor" not in policy.same:
        yield (
            f"another processor than the baseline's ({_text(before)} → {_text(now)}): claims, "
            "counts and bytes are held against it, times are not"
        )
    unhashed = {(s.spec, s.subject) for s in baseline.subjects if not s.reference_hash}
    if any(s.reference_hash and (s.spec, s.subject) in unhashed for s in report.subjects):
        yield (
            "the baseline is of an attncheck that did not hash the source of definitions: that "
            "one has changed is not noticed until a report of this attncheck is promoted"
        )


def of_subject(
    name: str, before: SubjectReport, now: SubjectReport, remedies: Remedies
) -> Iterator[Check]:
    """Yield what makes two audits of one subject answers to different questions."""
    again, promote = remedies.audit, remedies.promote
    if not (before.spec_hash and now.spec_hash):
        who = "baseline" if not before.spec_hash else "report"
        why = f"the {who} does not say which version of the spec it is about"
        yield Check(name, "spec", Answer.UNDECIDED, why, promote if now.spec_hash else again)
    elif before.spec_hash != now.spec_hash:
        why = "the spec has changed since the baseline"
        resolve = f"read the difference of its claims, then: {promote}"
        hashes = before.spec_hash, now.spec_hash
        yield Check(name, "spec", Answer.UNDECIDED, why, resolve, *hashes)
    yield from _definition(name, before.reference_hash, now.reference_hash, remedies)
    if not same_target(before.target, now.target):
        why = "another class or file than the baseline's stands under this name"
        yield Check(name, "target", Answer.UNDECIDED, why, promote, before.target, now.target)
    if before.dims != now.dims:
        sizes = _text(before.dims), _text(now.dims)
        yield Check(name, "dims", Answer.UNDECIDED, "audited at other sizes", again, *sizes)
    old, new = _asked(before.job), _asked(now.job)
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            why = f"asked with another {key.rstrip('s')}"
            said = _text(old.get(key)), _text(new.get(key))
            yield Check(name, "asked", Answer.UNDECIDED, why, again, *said)


def _definition(name: str, before: str, now: str, remedies: Remedies) -> Iterator[Check]:
    """Yield what became of the definition; a baseline that says nothing of it is in the notes."""
    if before and not now:
        why = "the report does not say which version of the definition it is about"
        yield Check(name, "definition", Answer.UNDECIDED, why, remedies.audit)
    elif UNREAD in (before, now):
        why = "the definition's source cannot be found: whether it changed is not known"
        yield Check(name, "definition", Answer.UNDECIDED, why, remedies.audit)
    elif before and before != now:
        why = "the definition that the spec names, or what it imports, has changed"
        resolve = f"read its difference, then: {remedies.promote}"
        yield Check(name, "definition", Answer.UNDECIDED, why, resolve, before, now)


def _asked(job: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in job.items() if key not in _NOT_ASKED}


def _text(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return str(value)
