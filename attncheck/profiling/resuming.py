"""Go on with a sweep that was interrupted: what an earlier report has need not be measured."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from attncheck.environment import fingerprint
from attncheck.errors import UsageError
from attncheck.profiling.running import Measured
from attncheck.profiling.wanting import Plan
from attncheck.report import Report, SubjectReport
from attncheck.report_file import read_report

SO_FAR = "so_far"
"""Where a profile that is not finished holds what its processes said."""
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
    return {
        place: subject
        for place, subject in _known(report, plans, extra).items()
        if subject.profile.get("complete")
    }


def begun(report: Report, plans: list[Plan], extra: dict[str, Any]) -> dict[int, Measured]:
    """Return what was measured of subjects that were not finished, by their place."""
    found: dict[int, Measured] = {}
    for place, subject in _known(report, plans, extra).items():
        so_far = subject.profile.get(SO_FAR)
        if so_far and not subject.profile.get("complete"):
            with contextlib.suppress(msgspec.ValidationError):  # then it is measured anew
                found[place] = msgspec.convert(so_far, Measured)
    return found


def _known(report: Report, plans: list[Plan], extra: dict[str, Any]) -> dict[int, SubjectReport]:
    known = {
        msgspec.json.encode(subject.profile.get("asked"), order="deterministic"): subject
        for subject in report.subjects
    }
    keys = [msgspec.json.encode(asked(plan, extra), order="deterministic") for plan in plans]
    return {place: known[key] for place, key in enumerate(keys) if key in known}


def asked(plan: Plan, extra: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a profile this one and no other."""
    job = plan.audit.job
    told = {"spec": plan.spec.id, "subject": job.name, "target": job.target}
    found: dict[str, Any] = msgspec.to_builtins(plan.measure)
    return {**told, "arguments": job.arguments, "dims": job.dims, **found, **extra}
