"""What an audit has finished is on file before the next subject is: a kill loses nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import msgspec

from attncheck.cli.output import OutputFile, write_whole
from attncheck.data.report import SCHEMA, Problem, SubjectReport


class Kept:
    """The JSON files of a report as it grows; whole at every moment, marked partial.

    Args:
        files: where the report will go; other formats are written at the end.
    """

    def __init__(self, files: Sequence[OutputFile]) -> None:
        from attncheck.data.environment import fingerprint

        self._files = [
            file.path
            for file in files
            if file.format.name == "json" and (file.path.is_file() or not file.path.exists())
        ]
        self._environment = fingerprint()
        self._subjects: dict[int, msgspec.Raw] = {}
        self._problems: dict[int, Problem] = {}

    def add(self, place: int, subject: SubjectReport | None, problem: Problem | None) -> None:
        """Take what became of one subject, and write the files anew."""
        if problem is not None:
            self._problems[place] = problem
        if subject is not None and self._files:
            self._subjects[place] = msgspec.Raw(msgspec.json.encode(subject))
        if self._subjects:  # else what stands there may be worth more
            self._save()

    def _save(self) -> None:
        report = {
            "schema": SCHEMA,
            "environment": self._environment,
            "subjects": [self._subjects[at] for at in sorted(self._subjects)],
            "problems": [self._problems[at] for at in sorted(self._problems)],
            "partial": True,
        }
        data = msgspec.json.encode(report) + b"\n"
        for path in self._files:
            with contextlib.suppress(OSError):  # the end says so
                write_whole(path, data, lasting=False)
