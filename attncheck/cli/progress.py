"""One live line on a terminal: how many claims are decided, and which is being tried."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from attncheck.cli.streams import live_console
from attncheck.data.harmless import one_line
from attncheck.execution.messages import Answered, Message, Started
from attncheck.execution.task import AnyTask

if TYPE_CHECKING:
    from rich.text import Text


@contextlib.contextmanager
def live_line(
    tasks: Sequence[AnyTask], *, quiet: bool
) -> Iterator[Callable[[AnyTask, Message], None]]:
    """Yield what to tell each message; shows nothing where nobody would see it."""
    console = None if quiet else live_console()
    if console is None:
        yield lambda task, message: None
        return
    total = sum(len(task.steps) for task in tasks)
    decided: set[tuple[int, str]] = set()
    lock = threading.Lock()
    with console.status("loading torch", spinner="dots") as status:

        def listen(task: AnyTask, message: Message) -> None:
            with lock:
                if isinstance(message, Answered):
                    decided.add((id(task), message.step))
                if isinstance(message, Answered | Started):
                    status.update(_plain(f"{len(decided)}/{total} claims · {message.step}"))

        yield listen


@contextlib.contextmanager
def figure_line(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield what to tell each published row that is begun; shows how many there are."""
    console = None if quiet else live_console()
    if console is None:
        yield lambda name: None
        return
    begun = 0
    with console.status("loading torch", spinner="dots") as status:

        def listen(name: str) -> None:
            nonlocal begun
            begun += 1
            status.update(_plain(f"{begun}/{total} rows · {name}"))

        yield listen


class _Unheard:
    """Listens where nobody would see it."""

    def began(self, what: str) -> None:
        """Show nothing."""

    def finished(self, steps: int = 1) -> None:
        """Show nothing."""


class _Measuring:
    """Shows what is measured, how much is done, and how long the rest may take."""

    def __init__(self, total: int, show: Callable[[str], None]) -> None:
        self._total, self._show = total, show
        self._done, self._start = 0, time.monotonic()
        self._what = ""

    def began(self, what: str) -> None:
        """Show what has begun; the clock runs from the first step that is measured."""
        self._what = what
        if what.startswith("auditing"):
            self._start = time.monotonic()
        self._update()

    def finished(self, steps: int = 1) -> None:
        """Count finished steps."""
        self._done += steps
        self._update()

    def _update(self) -> None:
        left = ""
        if self._done:
            rate = (time.monotonic() - self._start) / self._done
            left = f" · {remaining(rate * (self._total - self._done))}"
        self._show(f"{self._done}/{self._total}{left} · {self._what}")


def remaining(seconds: float) -> str:
    """Return a time as people say it.

    >>> remaining(42), remaining(130), remaining(7300)
    ('42 s left', '2 min left', '2 h 2 min left')
    """
    if seconds < 100:
        return f"{max(seconds, 0):.0f} s left"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min left" if hours else f"{minutes} min left"


@contextlib.contextmanager
def measuring_line(total: int, *, quiet: bool) -> Iterator[_Measuring | _Unheard]:
    """Yield what is told each step of a profile."""
    console = None if quiet else live_console()
    if console is None:
        yield _Unheard()
        return
    with console.status("loading torch", spinner="dots") as status:
        yield _Measuring(total, lambda said: status.update(_plain(said)))


def _plain(said: str) -> Text:
    """Return a line without markup: a claim may be called ``[blink]``."""
    from rich.text import Text

    return Text(one_line(said, 200))
