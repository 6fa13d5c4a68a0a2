"""SARIF 2.1.0: violations on source lines, as code scanning reads them.

A result's level says what the finding means: a violation is an ``error``, a required claim that
stayed open a ``warning``, advice and other open claims a ``note``. What holds or was skipped is no
result. ``kind`` stays ``fail`` throughout, because code scanning shows no other.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attncheck.catalogue.kinds import claim_page
from attncheck.data.report import (
    Finding,
    Location,
    Report,
    Status,
    SubjectReport,
    Verdict,
    name_of,
)
from attncheck.formats.shared.places import as_uri, place, source_line
from attncheck.formats.shared.wording import contrast, problem_lines, witness

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0-rtm.5.json"
_ROOT = "%SRCROOT%"
_FINGERPRINT = "attncheckClaim/v1"


class SarifFormat:
    """The report as one SARIF run."""

    name = "sarif"
    suffixes = (".sarif",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report as SARIF; colour and width change nothing."""
        told = [(s, f) for s in report.subjects for f in s.findings if level(f)]
        kinds = list(dict.fromkeys(finding.kind for _, finding in told))
        seen: Counter[str] = Counter()
        run = {
            "tool": {
                "driver": {
                    "name": "attncheck",
                    "version": str(report.environment.get("attncheck", "unknown")),
                    "rules": [_rule(kind) for kind in kinds],
                }
            },
            "invocations": [_invocation(report)],
            "originalUriBaseIds": {_ROOT: {"uri": Path.cwd().as_uri().rstrip("/") + "/"}},
            "columnKind": "unicodeCodePoints",
            "results": [_result(s, f, kinds.index(f.kind), seen) for s, f in told],
        }
        log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
        return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def level(finding: Finding) -> str:
    """Return the SARIF level of a finding, "" for one that is no result."""
    match finding.status:
        case Status.VIOLATED:
            return "note" if finding.advice else "error"
        case Status.UNDECIDED | Status.ERROR:
            return "warning" if finding.required and not finding.advice else "note"
    return ""


def _rule(kind: str) -> dict[str, Any]:
    """Return a claim kind as a rule whose help is its page of ``attncheck explain``."""
    rule: dict[str, Any] = {
        "id": kind,
        "name": "".join(word.capitalize() for word in kind.split("-")),
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["attention", "correctness", "pytorch"], "precision": "high"},
    }
    if page := claim_page(kind):
        first = " ".join(page.split("\n\n")[0].split())
        rule["shortDescription"] = {"text": first}
        rule["fullDescription"] = {"text": first}
        rule["help"] = {"text": page, "markdown": f"{page}\n\n`attncheck explain {kind}`"}
    return rule


def _result(
    subject: SubjectReport, finding: Finding, index: int, seen: Counter[str]
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.kind,
        "ruleIndex": index,
        "level": level(finding),
        "message": {"text": "\n".join(_message(subject, finding))},
        "locations": [_location(subject, place(subject, finding))],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(subject, finding, seen)},
        "properties": {
            "spec": subject.spec,
            "subject": subject.subject,
            "claim": finding.claim,
            "status": finding.status.value,
            "advice": finding.advice,
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(subject, where)}
            for number, where in enumerate(finding.related, 1)
        ]
    return result


def _message(subject: SubjectReport, finding: Finding) -> Iterator[str]:
    said = " ".join((finding.message or finding.status.value).split())
    if finding.status is not Status.VIOLATED:
        said = f"not decided: {said}"
    yield f"{subject.spec} {subject.subject}, {finding.claim}: {said}"
    for label, text in contrast(finding):
        yield f"{label}: {text}"
    if finding.witness is not None and (again := witness(finding)):
        yield again
    if finding.reproduce:
        yield finding.reproduce


def _location(subject: SubjectReport, where: Location) -> dict[str, Any]:
    uri = as_uri(where.path)
    artifact = {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": _ROOT}
    region: dict[str, Any] = {"startLine": max(where.line, 1)}
    if where.end_line > where.line:
        region["endLine"] = where.end_line
    elif text := source_line(subject, where):
        region["snippet"] = {"text": text}
    located: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    if where.note:
        located["message"] = {"text": where.note}
    return located


def _fingerprint(subject: SubjectReport, finding: Finding, seen: Counter[str]) -> str:
    """Return what stays the same when lines move or a message's numbers change."""
    content = [subject.spec, subject.subject, subject.target, finding.claim, finding.kind]
    found = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
    seen[found] += 1
    return f"{found}:{seen[found]}"


def _invocation(report: Report) -> dict[str, Any]:
    """Return whether the audit came to its end, and what could not be audited."""
    told = [
        {
            "level": "error",
            "message": {"text": "\n".join([f"{p.spec} {p.subject}", *problem_lines(p)])},
        }
        for p in report.problems
    ]
    if report.partial:
        said = "interrupted: not every claim was tried"
        told.append({"level": "error", "message": {"text": said}})
    told += [
        {"level": "note", "message": {"text": f"{name_of(s)}: counted, and no claim was tried"}}
        for s in report.subjects
        if s.verdict is Verdict.COUNTED
    ]
    return {"executionSuccessful": not told, "toolExecutionNotifications": told}


FORMAT = SarifFormat()
