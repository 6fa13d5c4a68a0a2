"""One live line on a terminal: how many claims are decided, and which is being tried."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from attncheck.cli.streams import live_console
from attncheck.execution.scheduling import Task
from attncheck.messages import Found, Message, Started


@contextlib.contextmanager
def live_line(tasks: Sequence[Task], *, quiet: bool) -> Iterator[Callable[[Task, Message], None]]:
    """Yield what to tell each message; shows nothing where nobody would see it."""
    console = None if quiet else live_console()
    if console is None:
        yield lambda task, message: None
        return
    total = sum(len(task.job.claims) for task in tasks)
    decided: set[tuple[int, str]] = set()
    lock = threading.Lock()
    with console.status("loading torch", spinner="dots") as status:

        def listen(task: Task, message: Message) -> None:
            with lock:
                if isinstance(message, Found):
                    decided.add((id(task), message.finding.claim))
                elif isinstance(message, Started):
                    status.update(f"{len(decided)}/{total} claims · {message.claim}")

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
            status.update(f"{begun}/{total} rows · {name}")

        yield listen
