"""Tell what the subject raises from what attncheck raises."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attncheck.errors import AttncheckError

_listeners: list[Callable[[str], None]] = []


class SubjectError(Exception):
    """The subject raised while it was built or run.

    Attributes:
        error: what it raised.
        phase: ``constructor``, ``forward`` or ``backward``.
    """

    def __init__(self, error: BaseException, phase: str) -> None:
        super().__init__(f"{phase} raises {type(error).__name__}: {first_line(error)}")
        self.error = error
        self.phase = phase


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, at most 200 characters."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else ""


@contextmanager
def blamed(phase: str) -> Iterator[None]:
    """Turn whatever the subject raises, ``SystemExit`` too, into a :class:`SubjectError`."""
    for listener in _listeners:
        listener(phase)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (SubjectError, AttncheckError):
        raise
    except (Exception, SystemExit) as error:
        raise SubjectError(error, phase) from error


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Tell ``listener`` each phase before the subject's code runs, so that a hang has a name."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
