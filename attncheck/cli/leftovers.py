"""Reports of earlier runs: none stays under the name of one that could not be written."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from attncheck.cli.streams import log

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Mark = tuple[int, int, int]


def leaves_none(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return the command, which renames what ``-o`` names if it ends without writing there.

    A script that goes on after a failure would take the old report for the new one. The file of
    ``--resume`` is what the next run goes on with, and a baseline was not written by a run.
    """

    @functools.wraps(command)
    def run(*words: _P.args, **options: _P.kwargs) -> _R:
        named, kept = options.get("output"), (options.get("resume"), options.get("baseline"))
        keep = [path for path in kept if isinstance(path, Path)]
        paths = [
            path
            for path in (named if isinstance(named, list) else [])
            if not any(_same(path, one) for one in keep)
        ]
        with _set_aside(paths):
            return command(*words, **options)

    return run


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


@contextlib.contextmanager
def _set_aside(paths: list[Path]) -> Iterator[None]:
    """Rename each file to ``NAME.old`` that is the same after the work as before."""
    before = {path: mark for path in paths if (mark := _mark(path))}
    try:
        yield
    finally:
        for path, mark in before.items():
            if _mark(path) != mark:
                continue
            old = path.with_name(f"{path.name}.old")
            try:
                os.replace(path, old)
            except OSError as error:
                log(f"attncheck: {path} is an earlier run's, and cannot be renamed: {error}")
            else:
                log(f"attncheck: {path} was an earlier run's: it is {old.name} now")


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
