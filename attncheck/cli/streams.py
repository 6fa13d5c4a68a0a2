"""Standard output and error: colours, width, signs, and readers that have gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from attncheck.errors import AttncheckError
from attncheck.formats import writable

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 100


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

    return Console(stderr=True, no_color=not colourful(sys.stderr), highlight=False)


def say(text: str) -> None:
    """Write a result to standard output; a reader that left early (``| head``) is no error."""
    try:
        sys.stdout.write(writable(text, sys.stdout.encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered goes nowhere, or Python would complain again at exit.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def log(text: str) -> None:
    """Write a line about the work to standard error."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(writable(text, sys.stderr.encoding) + "\n")
        sys.stderr.flush()


def complain(error: AttncheckError) -> None:
    """Say what was wrong, where, and what to type instead."""
    first = f"{error.where}: {error.what}" if error.where else error.what
    log(f"attncheck: {first}")
    for line in error.instead.splitlines():
        log(f"  {line}")


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False
