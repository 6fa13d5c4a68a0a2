"""What becomes of one claim in a test run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from attncheck.auditing.task import Audit
from attncheck.catalogue import Spec
from attncheck.data.report import Finding, Status
from attncheck.execution.limits import Limits
from attncheck.formats.shared.places import in_words
from attncheck.formats.shared.wording import contrast, witness
from attncheck.pytest_plugin.sharing import audited

if TYPE_CHECKING:
    from _pytest.outcomes import Failed
else:
    Failed = pytest.fail.Exception


class Violated(Failed):
    """The claim is violated: the one failure that an ``xfail`` accepts."""


@dataclass(frozen=True)
class ClaimTest:
    """One claim on one subject.

    Attributes:
        spec, task: what is audited.
        limits: of its process.
        name: the claim.
    """

    spec: Spec
    task: Audit
    limits: Limits
    name: str

    @property
    def finding(self) -> Finding:
        """What the audit found of the claim; the subject's first test runs the audit.

        Raises:
            pytest.fail.Exception: the subject could not be audited at all.
        """
        report, problem = audited(self.spec, self.task, self.limits)
        for finding in report.findings if report else []:
            if finding.claim == self.name:
                return finding
        assert problem is not None, f"no finding of '{self.name}'"
        place = f"{problem.where}: " if problem.where else ""
        pytest.fail(f"not audited: {place}{problem.what}\n{problem.instead}", pytrace=False)

    def check(self) -> Finding:
        """Pass, fail or skip as the finding says, and return it where it passes.

        Raises:
            Violated: the claim is violated.
            pytest.fail.Exception: it is required and could not be decided.
            pytest.skip.Exception: it does not apply, or is open and not required.
        """
        finding = self.finding
        told = "\n".join(_told(finding))
        match finding.status:
            case Status.VIOLATED if finding.advice:
                print(f"advice: {told}")
            case Status.VIOLATED:
                raise Violated(told, pytrace=False)
            case Status.SKIPPED:
                pytest.skip(told)
            case Status.UNDECIDED | Status.ERROR:
                if finding.required and not finding.advice:
                    pytest.fail(f"{finding.status.value}: {told}", pytrace=False)
                pytest.skip(f"{finding.status.value}: {told}")
        return finding


def _told(finding: Finding) -> Iterator[str]:
    yield f"{finding.claim}: {finding.message or finding.status.value}"
    yield from (f"  {label}: {text}" for label, text in contrast(finding))
    for where in [finding.location, *finding.related]:
        if where is not None:
            yield f"  {in_words(where)}" + (f": {where.note}" if where.note else "")
    if finding.witness is not None:
        yield f"  {witness(finding)}"
    if finding.reproduce and finding.status is Status.VIOLATED:
        yield f"  {finding.reproduce}"
