"""Go on with a sweep that was interrupted: what an earlier report has need not be measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from attncheck.environment import fingerprint
from attncheck.errors import UsageError
from attncheck.profiling.wanting import Plan
from attncheck.report import Report, SubjectReport
from attncheck.report_file import read_report

_SAME = ("attncheck", "python", "processor", "cores", "torch")


def earlier(path: Path) -> Report:
    """Return the report of a sweep.

    Raises:
        UsageError: it is none, or of another machine or installation.
    """
    report = read_report(path)
    here = fingerprint()
    for name in _SAME:
        if report.environment.get(name) != here.get(name):
            raise UsageError(
                f"{name} was {report.environment.get(name)}, and here is {here.get(name)}",
                where=str(path),
                instead="profile anew: figures of two machines do not stand in one report",
            )
    return report


def finished(report: Report, plans: list[Plan], extra: dict[str, Any]) -> dict[int, SubjectReport]:
    """Return the subjects of the report that were finished, by their place among the plans."""
    known = {
        msgspec.json.encode(subject.profile.get("asked"), order="deterministic"): subject
        for subject in report.subjects
        if subject.profile.get("complete")
    }
    keys = [msgspec.json.encode(asked(plan, extra), order="deterministic") for plan in plans]
    return {place: known[key] for place, key in enumerate(keys) if key in known}


def asked(plan: Plan, extra: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a profile this one and no other."""
    job = plan.audit.job
    told = {"spec": plan.spec.id, "subject": job.name, "target": job.target}
    found: dict[str, Any] = msgspec.to_builtins(plan.measure)
    return {**told, "arguments": job.arguments, "dims": job.dims, **found, **extra}
