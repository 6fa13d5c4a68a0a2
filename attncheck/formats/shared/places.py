"""Where a finding is, for tools that put it on a line: every finding gets a file and a line."""

from __future__ import annotations

import linecache
import os
import re
from pathlib import Path, PurePath
from urllib.parse import quote

from attncheck.formats.shared.paths import shown
from attncheck.report import Finding, Location, SubjectReport


def place(subject: SubjectReport, finding: Finding) -> Location:
    """Return the finding's location, or the line that defines the subject."""
    return finding.location or definition(subject.target)


def definition(target: str) -> Location:
    """Return where a target is defined: its file, and its line where the file can be read.

    A dotted ``package.module:Class`` is looked for below the working folder.
    """
    module, _, name = target.rpartition(":")
    path = module if module.endswith(".py") else module.replace(".", "/") + ".py"
    last = re.escape(name.rpartition(".")[2])
    defines = re.compile(rf"\s*(?:async\s+)?(?:def|class)\s+{last}\b")
    for number, line in enumerate(linecache.getlines(path), 1):
        if defines.match(line):
            return Location(path, number)
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


def source_line(location: Location) -> str:
    """Return what stands on the location's line, "" where its file is not here."""
    return linecache.getline(location.path, location.line).rstrip("\n")
