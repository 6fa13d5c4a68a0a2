"""Where a finding is, for tools that put it on a line: every finding gets a file and a line."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from urllib.parse import quote

from attncheck.data.report import Finding, Location, SubjectReport
from attncheck.formats.shared.excerpts import lines_of
from attncheck.formats.shared.paths import shown


def place(subject: SubjectReport, finding: Finding) -> Location:
    """Return the finding's location, or the line that defines the subject."""
    return finding.location or subject.defined or definition(subject.target)


def definition(target: str) -> Location:
    """Return the file that a target names; a report that says no line gets the first."""
    module, _, _ = target.rpartition(":")
    path = module if module.endswith(".py") else module.replace(".", "/") + ".py"
    return Location(path, 1)


def from_here(path: str) -> str:
    """Return a path relative to the working folder, with slashes; absolute where it is outside."""
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    inside = absolute.relative_to(here) if absolute.is_relative_to(here) else absolute
    return inside.as_posix()


def as_uri(path: str) -> str:
    """Return a path as a URI reference: relative to the working folder, or ``file://…``."""
    found = from_here(path)
    return Path(found).as_uri() if PurePath(found).is_absolute() else quote(found)


def in_words(location: Location) -> str:
    """Return ``path:line`` as a person reads it."""
    return f"{shown(location.path)}:{location.line}"


def source_line(subject: SubjectReport, location: Location) -> str:
    """Return what stands on the location's line, "" where the report does not hold it."""
    return lines_of(subject, location.path).get(location.line, "")
