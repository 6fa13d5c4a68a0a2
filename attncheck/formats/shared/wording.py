"""The sentences that several formats say of a subject, made from its findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from attncheck.data.report import UNASKED, Finding, Problem, Status, SubjectReport, Verdict
from attncheck.formats.shared.paths import shown

_MOST_NAMES = 8


def with_status(subject: SubjectReport, *statuses: Status, advice: bool = False) -> list[Finding]:
    """Return the findings of these statuses that are advice, or those that are not."""
    return [f for f in subject.findings if f.status in statuses and f.advice is advice]


def violations(subject: SubjectReport) -> list[Finding]:
    """Return what makes the verdict ``violates``, in the order of the spec."""
    return with_status(subject, Status.VIOLATED)


def open_claims(subject: SubjectReport) -> list[Finding]:
    """Return the claims that could not be decided, and those whose probe broke."""
    return with_status(subject, Status.UNDECIDED, Status.ERROR)


def open_lines(subject: SubjectReport) -> list[Finding]:
    """Return the open claims, without what the diagnosis beside the verdict says already."""
    return [f for f in open_claims(subject) if f.message != diagnosis(subject)]


def advice(subject: SubjectReport) -> list[Finding]:
    """Return what users should know, without the limits of use."""
    return [f for f in with_status(subject, Status.VIOLATED, advice=True) if not f.limit]


def not_for(subject: SubjectReport) -> str:
    """Return the limits of use in one line: ``not for: half precision (line 16)``, "" if none."""
    found: dict[str, str] = {}
    for finding in with_status(subject, Status.VIOLATED, advice=True):
        if finding.limit:
            place = f" (line {finding.location.line})" if finding.location else ""
            found.setdefault(finding.limit.replace("-", " "), place)
    return f"not for: {', '.join(n + place for n, place in found.items())}" if found else ""


def not_tried_for(subject: SubjectReport) -> str:
    """Return the limits of use that nobody asked for in one line, "" if none."""
    unasked = (f for f in subject.findings if f.limit and f.message == UNASKED)
    found = dict.fromkeys(f.limit.replace("-", " ") for f in unasked)
    return f"not tried for: {', '.join(found)} ({UNASKED})" if found else ""


def notes(subject: SubjectReport) -> list[str]:
    """Return what it is not for, how it was built and called, and what was not tried and why."""
    told = [f for f in with_status(subject, Status.SKIPPED) if f.message != UNASKED]
    skipped = by_reason(told)
    untried = [f"not tried, {reason}: {', '.join(claims)}" for reason, claims in skipped]
    said = [not_for(subject), *subject.notes, not_tried_for(subject), *untried]
    return [note for note in said if note]


def changes(subject: SubjectReport) -> str:
    """Return the design changes that make it a variant: ``an outer residual``, "" if none."""
    found = [change for finding in subject.findings for change in finding.changes]
    return "; ".join(found) if found and subject.verdict is Verdict.VARIANT else ""


def plural(count: int, noun: str) -> str:
    """Return ``1 claim``, ``2 claims``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def summary(subject: SubjectReport) -> str:
    """Return what stands beside the verdict: ``6 claims: shape, reach, …``."""
    broken, undecided = violations(subject), open_claims(subject)
    held = len([f for f in subject.findings if f.status is Status.HOLDS])
    said: list[str] = []
    if subject.verdict is Verdict.COUNTED:
        said.append("no claim was tried")
    elif subject.verdict is Verdict.VIOLATES:
        said.append(f"{plural(len(broken), 'claim')}: {_names(broken)}")
    else:
        if subject.verdict is Verdict.UNDECIDED:
            said.append(f"not decided: {_names(f for f in undecided if f.required)}")
        if held or not undecided:
            said.append(f"{plural(held, 'claim')} {'holds' if held == 1 else 'hold'}")
    if subject.verdict.passes and undecided:
        said.append(f"{len(undecided)} not decided")
    if design := changes(subject):
        said.insert(0, design)
    if told := advice(subject):
        said.append(f"{len(told)} to know of")
    return " · ".join(said)


def diagnosis(subject: SubjectReport) -> str:
    """Return what equivalence says of the subject, one sentence; "" where nothing is known."""
    return str(subject.diagnosis.get("message") or "")


def problem_lines(problem: Problem) -> list[str]:
    """Return what kept a subject from being audited, and what to type instead."""
    place = f"{shown(problem.where)}: " if problem.where else ""
    return [place + problem.what, *problem.instead.splitlines()]


def contrast(finding: Finding) -> list[tuple[str, str]]:
    """Return the ``expected`` and ``seen`` rows, those that the message does not say already."""
    pairs = [("expected", finding.expected), ("seen", finding.seen)]
    return [(label, text) for label, text in pairs if text and text not in finding.message]


def witness(finding: Finding) -> str:
    """Return the smallest input found, and how to see the violation again."""
    said: list[str] = []
    if finding.witness is not None:
        said.append(f"smallest witness {witness_shape(finding)}")
    if command := replay(finding) or finding.reproduce:
        said.append(command)
    return " · ".join(said)


def replay(finding: Finding) -> str:
    """Return the command that tries a violation again, "" where only Python code can."""
    by_name = finding.id and not finding.reproduce.startswith("attncheck.audit(")
    return f"attncheck replay {finding.id}" if by_name else ""


def witness_shape(finding: Finding) -> str:
    """Return the witness as ``(1, 8, 1, 2), training``; the finding must have one."""
    assert finding.witness is not None
    case = finding.witness.case
    if finding.witness.shape:
        shape = f"({', '.join(map(str, finding.witness.shape))})"
    else:
        shape = " ".join(f"{name}={size}" for name, size in case.get("dims", {}).items())
    modes = [case["dtype"]] if case.get("dtype", "float64") != "float64" else []
    modes += ["training"] if case.get("train") else []
    return ", ".join([shape, *modes])


def by_reason(findings: Iterable[Finding]) -> list[tuple[str, list[str]]]:
    """Return reason -> claims, so that one reason is said once."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.message or finding.status.value, []).append(finding.claim)
    return list(found.items())


def _names(findings: Iterable[Finding]) -> str:
    names = [finding.claim for finding in findings]
    if len(names) > _MOST_NAMES + 1:
        names = [*names[:_MOST_NAMES], f"and {len(names) - _MOST_NAMES} more"]
    return ", ".join(names)


def labels(subjects: Iterable[SubjectReport]) -> list[str]:
    """Return how the subjects of one spec are called; by their targets where names are alike."""
    every = list(subjects)
    names = Counter(subject.subject for subject in every)
    return [s.subject if names[s.subject] == 1 else shown(s.target) for s in every]


def heading(subject: SubjectReport) -> list[str]:
    """Return id, title and paper, those that there are."""
    return [part for part in (subject.spec, subject.title, subject.paper) if part]


def by_spec(subjects: Iterable[SubjectReport]) -> list[list[SubjectReport]]:
    """Return the subjects of each spec together, in their order."""
    found: dict[str, list[SubjectReport]] = {}
    for subject in subjects:
        found.setdefault(subject.spec, []).append(subject)
    return list(found.values())
