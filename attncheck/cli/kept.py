"""What an audit has finished is on file before the next subject is: a kill loses nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from attncheck.cli.output import OutputFile, write_whole
from attncheck.data.report import SCHEMA, Finding, Problem, Report, Status, SubjectReport

if TYPE_CHECKING:
    from attncheck.auditing.select import Selection
    from attncheck.auditing.task import Audit, AuditResult


class Kept:
    """The report as it grows; its JSON files are whole at every moment, marked partial.

    Args:
        selections: what is audited, in the order of the report.
        files: where the report will go; other formats are written at the end.
    """

    def __init__(self, selections: Sequence[Selection], files: Sequence[OutputFile]) -> None:
        from attncheck.data.environment import fingerprint

        self._selections = selections
        self._files = [
            file.path
            for file in files
            if file.format.name == "json" and (file.path.is_file() or not file.path.exists())
        ]
        self._environment = fingerprint()
        self._subjects: dict[int, SubjectReport] = {}
        self._problems: dict[int, Problem] = {}
        self._encoded: dict[int, bytes] = {}

    def add(self, place: int, result: AuditResult) -> None:
        """Take what became of one subject, and write the files anew."""
        self._take(place, result)
        if self._encoded:  # else what stands there may be worth more
            self._save()

    def report(self, results: Sequence[AuditResult], *, partial: bool) -> Report:
        """Return the report of everything, with what was cut short."""
        for place, result in enumerate(results):
            if place not in self._subjects and place not in self._problems:
                self._take(place, result)
        return Report(
            environment=self._environment,
            subjects=[self._subjects[at] for at in sorted(self._subjects)],
            problems=[self._problems[at] for at in sorted(self._problems)],
            partial=partial,
        )

    def _take(self, place: int, result: AuditResult) -> None:
        from attncheck.auditing.assemble import problem, subject_report

        spec, task = self._selections[place]
        if subject := subject_report(spec, task, result):
            self._subjects[place] = subject
            _store(task, subject.findings)
            if self._files:
                self._encoded[place] = msgspec.json.encode(subject)
        if found := problem(spec, task, result):
            self._problems[place] = found

    def _save(self) -> None:
        subjects = [msgspec.Raw(self._encoded[at]) for at in sorted(self._encoded)]
        report = {
            "schema": SCHEMA,
            "environment": self._environment,
            "subjects": subjects,
            "problems": [self._problems[at] for at in sorted(self._problems)],
            "partial": True,
        }
        data = msgspec.json.encode(report) + b"\n"
        for path in self._files:
            with contextlib.suppress(OSError):  # the end says so
                write_whole(path, data, lasting=False)


def _store(task: Audit, findings: Sequence[Finding]) -> None:
    from attncheck.auditing import replay

    for finding in findings:
        if finding.status is Status.VIOLATED:
            replay.store(task.job, finding)
