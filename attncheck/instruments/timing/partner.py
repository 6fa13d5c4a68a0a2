"""The other side of a pair: a process of its own, with which this one takes turns to measure.

Two processes that take turns every few milliseconds meet the same neighbours, clocks and
temperatures; what remains of their ratio is the code. They are two processes, and not two modules
in one, since two versions of one package cannot both be imported.

Cores of one machine are not alike: each shares caches and execution units with strangers, and is
half as quick for a tenth of a second, or for a minute. So the two share one core, and its fate.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from attncheck.errors import AttncheckError

_BETWEEN_TRIES = 0.01


class PartnerError(AttncheckError):
    """The other side cannot be measured, or is gone."""


class Meeting(msgspec.Struct, frozen=True):
    """Where and how the process that is told of it meets another one.

    Attributes:
        path: of a socket in a folder of our own; both sides are given the same.
        first: whether this side begins.
        patience: seconds to wait for the other side, each time.
        core: on which both sides run; None for any.
    """

    path: str
    first: bool
    patience: float
    core: int | None = None


def meetings(folder: Path, turn: int, threads: int, patience: float) -> tuple[Meeting, Meeting]:
    """Return what both sides of a pair are told, its own folder's and turn's.

    Whichever begins might have an advantage: it is each side's in turn.
    """
    core = core_of(turn, threads)
    path = str(folder / str(turn))
    one, other = (Meeting(path, turn % 2 == side, patience, core) for side in (0, 1))
    return one, other


class Partner:
    """A wire to the other side; where there is none, every meeting says why.

    They meet once: a process that stands in for one that died comes too late.
    """

    def __init__(self, meeting: Meeting) -> None:
        self._first = meeting.first
        self._wire: socket.socket | None = None
        try:
            self._wire = (_called if meeting.first else _calling)(meeting.path, meeting.patience)
            self._wire.settimeout(meeting.patience)
            self._lines = self._wire.makefile("rwb")
        except OSError as error:
            self.close()
            self._why = f"the other side did not begin: {error}"

    def meet(self, step: str, turns: int, why: str = "") -> int:
        """Wait until both are ready for a step, and return how many turns both can take.

        Args:
            step: what is measured next.
            turns: this side's most; 0 for a step that it cannot do.
            why: it cannot.

        Raises:
            PartnerError: the other side cannot, or is gone.
        """
        self._say(step=step, turns=turns, why=why)
        said = self._hear()
        if said["step"] != step:
            self.close()
            raise PartnerError(f"the other side is at {said['step']}, this one at {step}")
        if not said["turns"]:
            raise PartnerError(f"the other side: {said['why']}")
        return min(turns, int(said["turns"]))

    def turns(self, number: int) -> Iterator[None]:
        """Yield whenever it is this side's turn.

        Raises:
            PartnerError: the other side is gone.
        """
        for turn in range(number):
            if turn or not self._first:
                self._hear()
            yield
            self._say()
        if self._first:
            self._hear()

    def close(self) -> None:
        """Leave the other side alone; it is told so at its next meeting."""
        self._why = "the other side's process has ended"
        if self._wire is not None:
            with contextlib.suppress(OSError):  # it may be gone already
                self._wire.shutdown(socket.SHUT_RDWR)
            self._wire.close()
            self._wire = None

    def _say(self, **what: Any) -> None:
        if self._wire is None:
            raise PartnerError(self._why)
        try:
            self._lines.write(json.dumps(what).encode() + b"\n")
            self._lines.flush()
        except OSError:
            self.close()
            raise PartnerError(self._why) from None

    def _hear(self) -> dict[str, Any]:
        if self._wire is None:
            raise PartnerError(self._why)
        try:
            line = self._lines.readline()
        except OSError:
            line = b""
        if not line:
            self.close()
            raise PartnerError(self._why)
        said: dict[str, Any] = json.loads(line)
        return said


def _called(path: str, patience: float) -> socket.socket:
    if os.path.exists(path):
        raise FileExistsError("they have met before")
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(patience)
        door.bind(f"{path}.new")
        door.listen(1)
        os.rename(f"{path}.new", path)  # nobody finds a door that is not open yet
        return door.accept()[0]


def _calling(path: str, patience: float) -> socket.socket:
    end = time.monotonic() + patience
    while True:
        wire = socket.socket(socket.AF_UNIX)
        try:
            wire.connect(path)
        except FileNotFoundError:
            wire.close()
            if time.monotonic() > end:
                raise TimeoutError("timed out") from None
            time.sleep(_BETWEEN_TRIES)
        except OSError:  # a door that is closed again
            wire.close()
            raise
        else:
            return wire


def core_of(turn: int, threads: int) -> int | None:
    """Return a core for both sides of a pair, another one for the next pair.

    Returns:
        None where the threads need more than one, or the system lets nobody choose.
    """
    if threads != 1 or not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return cores[turn % len(cores)]


def pin(core: int | None) -> None:
    """Keep this process, its threads to come included, on the core, if one is named."""
    if core is None:
        return
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(0, {core})
