"""JUnit XML: one suite per subject, one test per claim, as Jenkins and GitLab read it.

A violation is a ``failure``. A required claim that stayed open is an ``error``, which fails the
build too, for *undecided* is never a pass; an open claim that the spec does not require is
``skipped``, as is a claim that does not apply. Advice passes, and says itself in ``system-out``.
What could not be audited at all is a suite with one ``error``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

from attncheck.data.report import Finding, Problem, Report, Status, SubjectReport, Verdict
from attncheck.formats.shared.places import in_words
from attncheck.formats.shared.wording import contrast, problem_lines, witness

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class JunitFormat:
    """The report as JUnit XML."""

    name = "junit"
    suffixes = (".xml",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report as XML; colour and width change nothing."""
        suites = [_suite(subject) for subject in report.subjects]
        suites += [_not_audited(problem) for problem in report.problems]
        if report.partial:
            said = "interrupted: not every claim was tried"
            suites.append(_one_error("attncheck", "finished", "interrupted", said, [said]))
        totals = {
            name: str(sum(int(suite[0][name]) for suite in suites))
            for name in ("tests", "failures", "errors")
        }
        lines = ['<?xml version="1.0" encoding="UTF-8"?>']
        lines.append(f"<testsuites{_attributes({'name': 'attncheck', **totals})}>")
        for head, body in suites:
            lines += [f"  <testsuite{_attributes(head)}>", *body, "  </testsuite>"]
        return "\n".join([*lines, "</testsuites>"]) + "\n"


_Suite = tuple[dict[str, str], list[str]]


def _suite(subject: SubjectReport) -> _Suite:
    name = f"{subject.spec}.{subject.subject}"
    counts = dict.fromkeys(_COUNTED.values(), 0)
    body = _properties({"target": subject.target, "verdict": subject.verdict.value})
    for finding in subject.findings:
        outcome = _outcome(finding)
        if outcome:
            counts[_COUNTED[outcome]] += 1
        body += _case(name, finding, outcome)
    if subject.verdict is Verdict.COUNTED:
        counts["skipped"] += 1
        counted = Finding("counted", "counted", Status.SKIPPED, "no claim was tried")
        body += _case(name, counted, "skipped")
    numbers = {"tests": len(subject.findings) or counts["skipped"], **counts}
    return {"name": name, **{key: str(value) for key, value in numbers.items()}}, body


def _outcome(finding: Finding) -> str:
    """Return the element that tells what became of a claim, "" where it passes."""
    match finding.status:
        case Status.VIOLATED:
            return "" if finding.advice else "failure"
        case Status.UNDECIDED | Status.ERROR:
            return "error" if finding.required and not finding.advice else "skipped"
        case Status.SKIPPED:
            return "skipped"
    return ""


def _case(suite: str, finding: Finding, outcome: str) -> list[str]:
    head = _attributes({"name": finding.claim, "classname": suite})
    told = "\n".join(_details(finding))
    if outcome:
        kind = "advice" if finding.advice else finding.status.value
        first = " ".join(finding.message.split()) or kind
        if outcome == "skipped" and finding.status is not Status.SKIPPED:
            first = f"{kind}: {first}"
        attributes = _attributes({"type": kind, "message": first})
        inside = f"<{outcome}{attributes}>{text(told)}</{outcome}>"
    elif finding.status is Status.VIOLATED:
        inside = f"<system-out>advice: {text(told)}</system-out>"
    else:
        return [f"    <testcase{head}/>"]
    return [f"    <testcase{head}>", f"      {inside}", "    </testcase>"]


def _details(finding: Finding) -> Iterable[str]:
    yield finding.message
    yield from (f"{label}: {said}" for label, said in contrast(finding))
    for where in [finding.location, *finding.related]:
        if where is not None:
            yield in_words(where) + (f": {where.note}" if where.note else "")
    if again := witness(finding):
        yield again


def _not_audited(problem: Problem) -> _Suite:
    name = f"{problem.spec}.{problem.subject}"
    return _one_error(name, "audited", "not audited", problem.what, problem_lines(problem))


def _one_error(suite: str, case: str, kind: str, message: str, details: list[str]) -> _Suite:
    head = {"name": suite, "tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    body = [
        f"    <testcase{_attributes({'name': case, 'classname': suite})}>",
        f"      <error{_attributes({'type': kind, 'message': message})}>"
        f"{text(chr(10).join(details))}</error>",
        "    </testcase>",
    ]
    return head, body


def _properties(pairs: dict[str, str]) -> list[str]:
    found = [f"      <property{_attributes({'name': n, 'value': v})}/>" for n, v in pairs.items()]
    return ["    <properties>", *found, "    </properties>"]


def _attributes(pairs: dict[str, str]) -> str:
    return "".join(f' {name}="{_attribute(value)}"' for name, value in pairs.items())


def _attribute(value: str) -> str:
    return escape(_legal(value), _QUOTES)


def text(value: str) -> str:
    """Return text for an element's content, without characters that XML cannot hold."""
    return escape(_legal(value), {"\r": "&#13;"})


def _legal(value: str) -> str:
    """Return the text with each character that no XML document may hold written as ``\\x1b``."""
    return _ILLEGAL.sub(lambda found: ascii(found[0])[1:-1], value)


FORMAT = JunitFormat()
