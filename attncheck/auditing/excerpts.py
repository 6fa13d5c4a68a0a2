"""Lines of source that a report carries: taken while auditing, from code that is the subject's.

A place comes from the subject's process, which may name any file: lines are taken of Python files
below the subject's folder, the project's, the working folder, and of what is installed. Whoever
shows the report reads nothing but the report.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from attncheck.auditing.job import Job
from attncheck.data.harmless import one_line
from attncheck.data.installed import installed_folders
from attncheck.data.report import Finding, Lines, Location
from attncheck.data.report_file import read_regular

_MOST_BYTES = 4 * 2**20
_WIDEST = 400
_MOST_LINES = 12
_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_DEFINES = re.compile(r"\s*(?:async\s+)?(?:def|class)\b|\s*@")


class Sources:
    """The files whose lines a subject's report may hold, each read once.

    Args:
        job: the subject; its target names the file that is its own.
    """

    def __init__(self, job: Job) -> None:
        self._file, self._name = _target(job)
        sources = job.carried.sources if job.carried else {}
        self._known = {name: text.split("\n") for name, text in sources.items()}
        self._folders = [os.path.join(os.path.realpath(f), "") for f in _folders(self._file)]

    def defined(self) -> Location | None:
        """Return the line that defines the subject, None where its file cannot be read."""
        last = re.escape(self._name.rpartition(".")[2])
        defines = re.compile(rf"\s*(?:async\s+)?(?:def|class)\s+{last}\b")
        for number, line in enumerate(self._lines(self._file) if self._file else [], 1):
            if defines.match(line):
                return Location(self._file, number)
        return None

    def around(self, findings: Iterable[Finding], defined: Location | None = None) -> list[Lines]:
        """Return the lines about the places of findings, and the one that defines the subject."""
        wanted: dict[str, set[int]] = {}
        if defined is not None:
            wanted[defined.path] = {defined.line}
        for finding in findings:
            places = [*([finding.location] if finding.location else []), *finding.related]
            for place in places:
                wanted.setdefault(place.path, set()).update(
                    self._neighbours(place, alone=len(places) == 1)
                )
        return [
            found
            for path, numbers in wanted.items()
            for found in _runs(path, sorted(numbers), self._lines(path))
        ]

    def _neighbours(self, place: Location, *, alone: bool) -> Iterator[int]:
        lines = self._lines(place.path)
        if not 1 <= place.line <= len(lines):
            return
        if alone and not place.note and _DEFINES.match(lines[place.line - 1]):
            yield place.line
            return
        last = min(max(place.line, place.end_line), place.line + _MOST_LINES) + 1
        yield from range(max(place.line - 1, 1), min(last, len(lines)) + 1)

    def _lines(self, path: str) -> list[str]:
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> list[str]:
        try:
            real = os.path.realpath(path)
            if not (real.endswith(".py") and real.startswith(tuple(self._folders))):
                return []
            data = read_regular(real, _MOST_BYTES)
        except (OSError, ValueError):
            return []
        if len(data) > _MOST_BYTES:
            return []
        text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        return text.split("\n")


def _runs(path: str, numbers: list[int], lines: list[str]) -> Iterator[Lines]:
    """Yield the lines of these numbers, those that follow each other together."""
    run: list[int] = []
    for number in [*numbers, 0]:
        if run and number != run[-1] + 1:
            texts = [one_line(lines[n - 1].expandtabs(4).rstrip(), _WIDEST) for n in run]
            yield Lines(path, run[0], texts)
            run = []
        run.append(number)


def _target(job: Job) -> tuple[str, str]:
    """Return the file and the name that a target means, found without importing anything."""
    place, _, name = job.target.rpartition(":")
    if job.carried is not None and job.carried.file:
        return job.carried.file, name
    if place.endswith(".py") or "/" in place or "\\" in place:
        return os.path.join(job.folder or os.getcwd(), os.path.expanduser(place)), name
    inside = place.replace(".", os.sep)
    for folder in (os.getcwd(), *sys.path):
        for file in (f"{inside}.py", os.path.join(inside, "__init__.py")):
            if place and os.path.isfile(found := os.path.join(folder or os.getcwd(), file)):
                return found, name
    return "", name


def _folders(file: str) -> Iterator[str]:
    """Yield the folders whose Python files are the subject's own, or are installed here."""
    yield os.getcwd()
    yield str(Path(__file__).parents[1])
    yield from (path for path in sys.path if path and os.path.isdir(path))
    yield from installed_folders()
    if not file:
        return
    own = Path(os.path.realpath(file)).parent
    yield str(own)
    for folder in (own, *own.parents):
        if any((folder / name).exists() for name in _PROJECT):
            yield str(folder)
            return
