"""The command lines that settle what a gate could not, or would not, let through."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from attncheck.data.report import SubjectReport


@dataclass(frozen=True)
class Remedies:
    """What to type.

    Attributes:
        promote: makes the report the baseline.
        audit: audits the subject again.
        profile: measures the subject's cost again.
        pairs: measures it against the baseline's version, in interleaved fresh processes.
    """

    promote: str
    audit: str
    profile: str = ""
    pairs: str = ""


def remedies(subject: SubjectReport, promote: str) -> Remedies:
    """Return the commands of one subject."""
    words = words_of(subject)
    return Remedies(
        promote,
        f"attncheck audit {words} -o report.json",
        f"attncheck profile {words} -o report.json",
        f"attncheck profile {words} --against {_against(subject)} -o report.json",
    )


def words_of(subject: SubjectReport) -> str:
    """Return how a command names this subject: ``gam@article``, or a spec and a target."""
    listed = subject.target.rpartition(":")[2] != subject.subject
    if listed:
        return shlex.quote(f"{subject.spec}@{subject.subject}")
    return f"{shlex.quote(subject.spec)} {shlex.quote(subject.target)}"


def promotion(report: str, baseline: str) -> str:
    """Return the command that makes a report the baseline."""
    return f"attncheck baseline {shlex.quote(report)} -o {shlex.quote(baseline)}"


def _against(subject: SubjectReport) -> str:
    """Return the subject as it was before: its file at the revision that people branch from."""
    place, _, name = subject.target.rpartition(":")
    file = place if place.endswith(".py") else f"{place.replace('.', '/')}.py"
    return shlex.quote(f"{file}@main:{name}")
