"""Ctrl-C and requests to end: the first ends the work, later ones do not cost what is finished."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
_PATIENCE = 10.0
"""Seconds after the first, in which what is finished is written and nothing else is heard."""

_first: list[float] = []
_holders: list[object] = []


def listen() -> None:
    """Answer interrupts of this process from now on; what is ignored (``nohup``) stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _answer)


def asked() -> bool:
    """Say whether somebody asked this process to end."""
    return bool(_first)


def ending() -> None:
    """Answer no interrupt any more: the process is about to end by itself, with its own status."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Have interrupts only noted meanwhile: the work inside looks at :func:`asked`."""
    holder = object()
    _holders.append(holder)
    try:
        yield
    finally:
        _holders.remove(holder)


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """Have interrupts wait, for this thread and for what is started in it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _answer(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    first = not _first
    if first:
        _first.append(now)
    if not _holders if first else now - _first[0] > _PATIENCE:
        raise KeyboardInterrupt
