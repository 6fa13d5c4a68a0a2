"""Reports of earlier runs: none stays under the name of one that could not be written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attncheck.cli.streams import log

_COMMANDS = ("audit", "scan", "profile", "report")
_SHORT = re.compile(r"-q?o(.*)", re.DOTALL)
_Mark = tuple[int, int, int]


def leaving_none(words: Sequence[str], command: Callable[[], int]) -> int:
    """Run a command and return its exit status; rename what ``-o`` names if it was not written.

    A script that goes on after a failure would take the old report for the new one, so it becomes
    ``NAME.old``. The words are read as they stand: what is wrong with them may be the failure.
    """
    code = 2
    before = {path: mark for path in _named(words) if (mark := _mark(path))}
    try:
        code = command()
    finally:
        for path, mark in before.items():
            if code and _mark(path) == mark:
                _rename(path)
    return code


def _named(words: Sequence[str]) -> list[Path]:
    """Return the files that a command line says are written.

    The file of ``--resume`` is what the next run goes on with, and a baseline is no run's.
    """
    if not words or words[0] not in _COMMANDS:
        return []
    kept = {os.path.realpath(name) for name in _values(words, ("--resume", "--baseline"))}
    named = dict.fromkeys(_values(words, ("--output",), _SHORT))
    return [Path(name) for name in named if os.path.realpath(name) not in kept]


def _values(
    words: Sequence[str], names: Sequence[str], short: re.Pattern[str] | None = None
) -> Iterator[str]:
    """Yield what follows an option, after a space or ``=``, or at once after a short one."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--":
            return
        name, equals, value = word.partition("=")
        if name in names:
            value = value if equals else following
        elif short is not None and (found := short.fullmatch(word)):
            value = found[1] or following
        else:
            continue
        if value and "\0" not in value:
            yield value


def _mark(path: Path) -> _Mark | None:
    """Return what a new file of this name would differ in; None for what is no report's file."""
    from attncheck.errors import AttncheckError
    from attncheck.formats import format_for_file

    try:
        format_for_file(path.name)
        if not path.is_file():
            return None
        found = path.stat()
    except (AttncheckError, OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _rename(path: Path) -> None:
    old = path.with_name(f"{path.name}.old")
    try:
        os.replace(path, old)
    except OSError as error:
        log(f"attncheck: {path} is an earlier run's, and cannot be renamed: {error}")
    else:
        log(f"attncheck: {path} was an earlier run's: it is {old.name} now")
