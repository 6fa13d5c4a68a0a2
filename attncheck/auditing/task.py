"""The task of an audit: a job with the claims that it names, each answered by a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from attncheck.auditing import AUDIT
from attncheck.auditing.deaths import findings_after
from attncheck.auditing.job import Job, Opening
from attncheck.auditing.testimony import sound
from attncheck.catalogue import load
from attncheck.data.report import Finding
from attncheck.execution.deaths import Death
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message
from attncheck.execution.supervising import Result
from attncheck.execution.task import Task
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim

_PATIENCE = 4.0
"""What takes seconds on an idle machine takes many on a busy one."""
AuditResult = Result[Finding, Opening, dict[str, Any]]


@dataclass(frozen=True)
class Audit(Task[Job, Finding, Opening, dict[str, Any]]):
    """A job, and the claims of the names that it asks for."""

    runs = AUDIT
    asks = Job
    answers = Finding
    opens = Opening
    tries = Case
    counts = dict[str, Any]

    claims: Mapping[str, Claim]

    @classmethod
    def of(cls, question: Job) -> Audit:
        """Return the audit of a job, its claims read from the spec."""
        claims = load(question.spec).claims_of(question.name, question.binding)
        return cls(question, {name: claims[name] for name in question.claims})

    @property
    def job(self) -> Job:
        """The question."""
        return self.question

    def files(self) -> list[str]:
        """Return the files that the job names, a spec's of the user among them."""
        return [*super().files(), *([self.job.spec] if self.job.spec.endswith(".toml") else [])]

    def narrowed(self, steps: Sequence[str]) -> Job:
        """Return the job with these claims alone."""
        return msgspec.structs.replace(self.job, claims=list(steps))

    def patience(self, step: str) -> float:
        """Return how many times the usual time a claim may take."""
        return _PATIENCE if self.claims[step].dear else 1.0

    def sound(self, message: Message, limits: Limits) -> Message:
        """Return a message with what the parent knows better put right."""
        return sound(message, self.job, self.claims, limits)

    def ended(self, death: Death, waiting: Sequence[str]) -> Mapping[str, Finding]:
        """Return the findings that a death decides."""
        return findings_after(death, self.job, self.claims, waiting)
