"""How much of the time that passes a process has for itself, on a machine that others use too."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_WANTING = ("R", "D")
"""States of a process that would go on if it were let: it may run, or waits for a disk."""

Look = Callable[[int], tuple[bool, float] | None]


def look(pid: int) -> tuple[bool, float] | None:
    """Return whether a process would go on if it were let, and its processor seconds so far.

    None where the system does not tell (Linux does).
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used = int(fields[10]) + int(fields[11])
    except (OSError, ValueError, IndexError):
        return None
    return state in _WANTING, used / os.sysconf("SC_CLK_TCK")


class Share:
    """The seconds that a process had since it last gave a sign.

    Time that it sleeps is its own, and so is processor time; that others had the processor while
    it waited for it is not.

    Args:
        pid: the process.
        look: what the system tells of it.
        now: the clock.
    """

    def __init__(
        self, pid: int, look: Look = look, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._pid, self._look, self._now = pid, look, now
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self._seconds = 0.0
        self._began = self._seen = self._now()
        self._told = self._look(self._pid)

    def seconds(self) -> float:
        """Return the seconds that it had. To be asked often: what it does between is not seen."""
        now, told = self._now(), self._look(self._pid)
        own = now - self._seen
        if told is not None and self._told is not None and told[0]:
            own = told[1] - self._told[1]  # in ticks: more than what passed, and then nothing
        self._seconds += own
        self._seen, self._told = now, told
        return min(self._seconds, now - self._began)
