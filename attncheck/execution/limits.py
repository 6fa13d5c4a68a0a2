"""What a child process may use, and how the child holds itself to it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import sys
import tokenize
from typing import Any, TextIO

import msgspec

from attncheck.data.formula import shortened
from attncheck.errors import UsageError
from attncheck.execution import interrupts

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_OWN_FILES, _FILES_OF_A_CHILD = 24, 6
_OUT_OF_MEMORY = ("MemoryError", "can't allocate memory", "not enough memory", "bad_alloc")

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_LEAST_MEMORY, _MOST_MEMORY = 512 * 2**20, 2**60

_adopter: list[int] = []
"""The process that children are forked from."""


class Limits(msgspec.Struct, frozen=True):
    """Limits of one subject.

    Attributes:
        claim_seconds: for importing it, for each first call, and for each claim.
        subject_seconds: for everything together; what is left then stays undecided.
        memory_bytes: private memory of the child (``RLIMIT_DATA``), torch included.
        look_seconds: processor time after a look at what judges until which answers wait for the
            next one; with none, each has a look of its own.
    """

    claim_seconds: float = 30.0
    subject_seconds: float = 600.0
    memory_bytes: int = 4 * 2**30
    look_seconds: float = 0.5

    @property
    def memory(self) -> str:
        """The memory limit as a person reads it."""
        return f"{self.memory_bytes / 2**30:.3g} GiB"


def limits_of(claim_seconds: float, memory: str) -> Limits:
    """Return the limits of a subject, which has twenty times the seconds of a claim.

    Raises:
        UsageError: the memory, such as ``4GiB``, is no amount that will do.
    """
    return Limits(claim_seconds, 20 * claim_seconds, memory_bytes(memory))


def confine(limits: Limits) -> None:
    """Put this process into a session of its own, without core dumps, with bounded memory.

    The system ends it when its parent is gone. What the system does not offer is left out.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if _adopter and os.getppid() != _adopter[0]:
        os._exit(1)  # it was gone before the system was asked to tell
    if os.getppid() == 1:  # it was gone before
        os._exit(1)
    _hear_signals()
    _quote_only_files()
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = limits.memory_bytes
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _quote_only_files() -> None:
    """Have Python read source lines from regular files alone.

    A module's code may bear the name of a pipe or a device, which ``inspect`` and ``traceback``
    would wait for.
    """
    read = tokenize.open

    def open_file(filename: Any) -> TextIO:
        if not os.path.isfile(filename):
            raise FileNotFoundError(filename)
        return read(filename)

    tokenize.open = open_file


def _hear_signals() -> None:
    """Have signals mean what they mean to a process just started; the server blocks some."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, interrupts.SIGNALS)


def at_once(wanted: int) -> int:
    """Return how many children, of so many wanted, this process may hold open at once."""
    try:
        import resource
    except ImportError:
        return wanted
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, (most - _OWN_FILES) // _FILES_OF_A_CHILD))


def adopt_orphans() -> None:
    """Make this process the parent of whatever its children leave behind (Linux)."""
    _adopter.append(os.getpid())
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def is_out_of_memory(text: str) -> bool:
    """Say whether an exception's text tells of memory that could not be had."""
    return any(sign in text for sign in _OUT_OF_MEMORY)


def memory_bytes(text: str) -> int:
    """Return the bytes of ``4GiB``, ``512M`` or a plain number of bytes; units are powers of 2.

    Raises:
        UsageError: the text is none, or too little for torch itself.
    """
    match = _MEMORY.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"'{shortened(text)}' is no amount of memory",
            where="--memory-limit",
            instead="write 4GiB",
        )
    size = float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " ")
    if size > _MOST_MEMORY:
        raise UsageError("more than any machine has", where="--memory-limit", instead="write 4GiB")
    if size < _LEAST_MEMORY:
        raise UsageError(
            f"{text} is too little: torch alone needs about 300 MiB",
            where="--memory-limit",
            instead="write 512MiB or more",
        )
    return int(size)
