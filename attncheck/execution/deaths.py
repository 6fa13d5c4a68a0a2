"""What it means when a child hangs or dies, and how the report says so."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

import msgspec

from attncheck.data.report import Finding, Location, Status, Witness
from attncheck.execution.patches import PATCHES
from attncheck.source.raised import is_file, is_of_torch, is_ours
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim

_FRAME = re.compile(r'^  File "([^"]+)", line (\d+) in (\S+)', re.MULTILINE)
_SIGNALS = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGABRT: "an abort",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGILL: "an illegal instruction",
    signal.SIGBUS: "a bus error",
}

_WHEN = {
    "constructor": "when it is built, ",
    "forward": "when it is called, ",
    "backward": "in its backward pass, ",
}


@dataclass(frozen=True)
class Death:
    """The end of a child that had more to do.

    Attributes:
        kind: ``hang``, ``signal``, ``exit``, ``closed`` (its pipe to us), ``patched`` (functions
            of torch, so that attncheck cannot work, or of what judges), ``raises`` (where no claim
            watches), ``time`` (used up), ``forged`` (a line on its pipe to us that is not ours),
            ``unsound`` (a line that is ours, and not what we say), or ``unready`` (before
            anything of the subject ran).
        number: seconds of a hang, the signal, or the exit status.
        phase: what the subject was doing: ``import``, ``constructor``, ``forward``,
            ``backward``, or ``claim``.
        claim, case: what was being tried, if anything.
        text: what it raises, or what was unsound.
        place: where it raises.
        output: the last of what was printed, with Python's stack when the system gave one.
    """

    kind: str
    number: float
    phase: str
    claim: str = ""
    case: Case | None = None
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


def finding_of(death: Death, name: str, claim: Claim) -> Finding:
    """Return the finding of the claim that a death ended."""
    essential = claim.kind in ("constructs", "runs")
    accused = essential or death.by_the_subject
    if death.kind == "signal" and death.number == signal.SIGKILL:
        accused = False
    when = "" if death.kind in ("forged", "patched") else _WHEN.get(death.phase, "")
    message = f"{when}the module {death.sentence()}"
    if not accused and death.kind == "hang":
        message = f"no answer in {death.number:g} s"
    location = death.location()
    finding = Finding(
        claim=name,
        kind=claim.kind,
        status=Status.VIOLATED if accused else Status.UNDECIDED,
        message=message,
        expected="an answer" if accused else "",
        seen=_seen(death) if accused else "",
        evidence=_evidence(death),
        location=location,
        advice=claim.advice,
        required=claim.required,
        source=claim.why,
    )
    if accused and death.case is not None:
        finding.witness = Witness(case=msgspec.to_builtins(death.case), confirmed=death.sudden)
    return finding


def _seen(death: Death) -> str:
    return {
        "hang": "a hang",
        "closed": "closed descriptors",
        "exit": "an exit",
        "patched": "patched functions",
        "forged": "forged answers",
        "raises": "an exception",
    }.get(death.kind, "a crash")


def _evidence(death: Death) -> dict[str, object]:
    printed = [line for line in death.output.splitlines() if line.strip()][-12:]
    return {"death": death.kind, "phase": death.phase, "output": [p[:200] for p in printed]}


def left_out(name: str, claim: Claim, why: str, *, skipped: bool) -> Finding:
    """Return the finding of a claim that is no longer tried."""
    return Finding(
        claim=name,
        kind=claim.kind,
        status=Status.SKIPPED if skipped else Status.UNDECIDED,
        message=why,
        advice=claim.advice,
        required=claim.required,
    )
