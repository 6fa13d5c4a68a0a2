"""Judge a class in a file against a spec, as the command line does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attncheck.auditing.job import Job
from attncheck.auditing.settle import settle
from attncheck.auditing.work import audit
from attncheck.catalogue import load
from attncheck.data.report import Finding, Status, Verdict, verdict_of


def findings_of(
    spec: str,
    target: str,
    *,
    name: str = "",
    inputs: tuple[str, ...] = (),
    claims: tuple[str, ...] = (),
    **arguments: Any,
) -> dict[str, Finding]:
    """Return claim -> finding for a target under a spec; ``name`` selects a listed subject.

    ``claims`` are all of the spec's by default.
    """
    resolved = load(spec)
    entry = resolved.document.subjects.get(name)
    job = Job(
        spec=str(resolved.path),
        name=name or target,
        target=entry.target if entry else target,
        arguments=dict(entry.arguments) if entry else arguments,
        dims=dict(entry.dims) if entry else {},  # type: ignore[arg-type]
        inputs=list(inputs),
        claims=list(claims),
    )
    found = [getattr(message, "finding", message) for message in audit(job)]
    findings = [f for f in found if isinstance(f, Finding)]
    settle(findings, resolved.claims_of(job.name))
    return {f.claim: f for f in findings}


def verdict(findings: dict[str, Finding]) -> Verdict:
    """Return the verdict of the findings."""
    return verdict_of(list(findings.values()))


def broken(findings: dict[str, Finding]) -> dict[str, str]:
    """Return claim -> message of what is violated, advice left out."""
    return {
        name: f.message
        for name, f in findings.items()
        if f.status is Status.VIOLATED and not f.advice
    }


def beside(file: str, name: str) -> str:
    """Return the target that names a class in a file of this folder."""
    return f"{Path(__file__).parent / file}:{name}"
