"""Standard output and error: colours, width, signs, and what is closed, full or has gone."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

from attncheck.data.harmless import for_stream, one_line
from attncheck.errors import AttncheckError, reason_of
from attncheck.formats.shared.plain import NEAREST

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 100
_LONGEST = 4000


def prepare() -> None:
    """Let both streams take every sign: one that they cannot write becomes its nearest."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NEAREST)


def settle() -> None:
    """Write what is still held back, or drop it: Python would end with a status of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            _drop(stream)


def colourful(stream: TextIO) -> bool:
    """Say whether to colour what goes there.

    ``NO_COLOR`` and ``TERM=dumb`` forbid, ``FORCE_COLOR`` wants; else a terminal decides. What
    GITHUB_ACTIONS and the like say is not asked: their logs are read by scripts too.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return os.environ.get("TERM", "") not in ("dumb", "unknown") and _is_terminal(stream)


def width() -> int:
    """Return how many columns to write: the terminal's, ``COLUMNS``, or 100."""
    return min(shutil.get_terminal_size((_WIDTH, 24)).columns, 160)


def live_console() -> Console | None:
    """Return a console for a live line on standard error, or None where nobody would see it."""
    if not _is_terminal(sys.stderr) or os.environ.get("TERM", "") in ("dumb", "unknown"):
        return None
    from rich.console import Console

    return Console(
        file=cast(TextIO, _Patient(sys.stderr)),
        no_color=not colourful(sys.stderr),
        highlight=False,
        width=width(),
        _environ={"TERM": os.environ.get("TERM", "")},
    )


def say(text: str, *, commands: bool = False) -> bool:
    """Write a result to standard output; False where it could not be shown, which is told.

    A reader that left early (``| head``) has seen what it wanted. ``commands`` says that lines
    with workflow commands are ours; of anybody else they would be text.
    """
    try:
        sys.stdout.write(for_stream(text, colour=colourful(sys.stdout), commands=commands))
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
    except (OSError, ValueError) as error:
        _drop(sys.stdout)
        log(f"attncheck: cannot write to standard output: {reason_of(error)}")
        return False
    return True


def log(text: str, end: str = "\n", start: str = "") -> None:
    """Write a line about the work to standard error, if that takes it.

    ``start`` and ``end`` are ours: ``\\r`` goes back to where the line begins.
    """
    _Patient(sys.stderr).write(start + for_stream(text) + end)


def complain(error: AttncheckError) -> None:
    """Say what was wrong, where, and what to type instead."""
    first = f"{error.where}: {error.what}" if error.where else error.what
    log(f"attncheck: {one_line(first, _LONGEST)}")
    for line in error.instead.splitlines():
        log(f"  {one_line(line, _LONGEST)}")


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _drop(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, or Python would complain of it at exit."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        stream.flush()


class _Patient:
    """A stream that drops what it cannot write: what is told of the work never ends it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write and flush the text; return its length."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            _drop(self._stream)
        return len(text)

    def flush(self) -> None:
        """Do nothing: whatever is written is flushed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
