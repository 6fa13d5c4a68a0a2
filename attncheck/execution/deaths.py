"""What it means when a child hangs or dies."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import Any

from attncheck.data.report import Location
from attncheck.execution.patches import PATCHES
from attncheck.source.raised import is_file, is_of_torch, is_ours

_FRAME = re.compile(r'^  File "([^"]+)", line (\d+) in (\S+)', re.MULTILINE)
_SIGNALS = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGABRT: "an abort",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGILL: "an illegal instruction",
    signal.SIGBUS: "a bus error",
}


@dataclass(frozen=True)
class Death:
    """The end of a child that had more to do.

    Attributes:
        kind: ``hang``, ``signal``, ``exit``, ``closed`` (its pipe to us), ``patched`` (functions
            of torch, so that attncheck cannot work, or of what judges), ``raises`` (where nothing
            watches), ``time`` (used up), ``forged`` (a line on its pipe to us that is not ours),
            ``unsound`` (a line that is ours, and not what we say), or ``unready`` (before
            anything of the subject ran).
        number: seconds of a hang, the signal, or the exit status.
        phase: what the subject was doing: ``import``, ``constructor``, ``forward``,
            ``backward``, ``opened`` (between steps), or ``step``.
        step, case: what was being tried, if anything.
        text: what it raises, or what was unsound.
        place: where it raises.
        output: the last of what was printed, with Python's stack when the system gave one.
    """

    kind: str
    number: float
    phase: str
    step: str = ""
    case: Any = None
    output: str = ""
    text: str = ""
    place: Location | None = None

    @property
    def sudden(self) -> bool:
        """Whether a second run must confirm it; a hang has waited long enough."""
        return self.kind in ("signal", "exit", "closed", "patched", "raises")

    @property
    def by_the_subject(self) -> bool:
        """Whether it is certainly the subject's doing, and not the probe's or the machine's."""
        if self.kind in ("exit", "closed", "patched", "raises", "forged"):
            return True
        return self.kind == "signal" and self.number in _SIGNALS and self.location() is not None

    def sentence(self) -> str:
        """Say what happened, as the rest of a sentence about the module."""
        number = int(self.number)
        match self.kind:
            case "hang":
                return f"hangs: no answer in {self.number:g} s"
            case "closed":
                return "closes file descriptors that are not its own"
            case "raises":
                return self.text
            case "forged":
                return "writes to attncheck's own pipe, which is no file of its own"
            case "unsound":
                return f"leads to an answer that is none: {self.text}"
            case "patched":
                return f"replaces functions of {self.patched()}"
            case "exit":
                return f"ends the process (exit status {number})"
        if number == signal.SIGKILL:
            return "was killed from outside, most likely for want of memory"
        known = _SIGNALS.get(signal.Signals(number), signal.Signals(number).name)
        return f"crashes the process: {known}"

    def patched(self) -> str:
        """Return whose functions were replaced, and their names."""
        return self.output.rpartition(PATCHES)[2].strip().partition("\n")[0]

    def location(self) -> Location | None:
        """Return the subject's innermost line when it happened, where the stack is known."""
        if self.place is not None:
            return self.place
        stack = self.output.rpartition("(most recent call first)")[2]
        for path, line, name in _FRAME.findall(stack):
            if not is_ours(path) and not is_of_torch(path) and is_file(path):
                return Location(path, int(line), note=f"here, in {name}")
        return None
