"""Listen to one child until it is done, dies, or takes too long."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from attncheck.data.report import Location
from attncheck.execution.child import CUT_OFF, SUBJECT
from attncheck.execution.deaths import Death
from attncheck.execution.killing import end_group, end_tree
from attncheck.execution.limits import Limits
from attncheck.execution.messages import (
    Answered,
    Done,
    Message,
    Opened,
    Reached,
    Refused,
    Started,
    Trying,
)
from attncheck.execution.patches import PATCHED
from attncheck.execution.seal import LONGEST, opening
from attncheck.execution.share import Share
from attncheck.execution.starting import Child
from attncheck.execution.testimony import UnsoundError

_KEPT = 32 * 1024
_TICK = 0.2
_GRACE = 0.5
_PAUSE = 0.02
"""Seconds in which a child's messages may gather: to wake for each costs more than to read it."""


class Course:
    """How far the work on a question is, by what was said of it.

    Attributes:
        ready: whether anything was said.
        done: whether nothing is left to say.
        death: how it ended before that, as far as messages tell.
    """

    def __init__(self) -> None:
        self.ready = self.done = False
        self.death: Death | None = None
        self._phase, self._step = "import", ""
        self._case: Any = None

    @property
    def step(self) -> str:
        """What is tried now, "" between steps."""
        return self._step

    def follow(self, message: Message) -> None:
        """Keep track of what the subject is doing."""
        self.ready = True
        match message:
            case Reached(phase):
                self._phase = phase
            case Opened():
                self._phase = "opened"
            case Started(step):
                self._phase, self._step, self._case = "step", step, None
            case Trying(case):
                self._case = case
            case Answered():
                self._phase, self._step, self._case = "opened", "", None
            case Refused(kind=kind) if kind == SUBJECT:
                path, _, line = message.where.rpartition(":")
                sound = path and line.isdecimal() and len(line) < 8
                place = Location(path, int(line), note=message.what) if sound else None
                self.end("raises", 0, text=message.what, place=place)
            case Done():
                self.done = True

    def end(self, kind: str, number: float, output: str = "", **more: Any) -> None:
        """Note the death of who worked; of what it was on, the messages have told."""
        self.death = Death(kind, number, self._phase, self._step, self._case, output, **more)


class Ear:
    """Reads one child's messages; afterwards ``death`` says how it ended, None if well.

    Args:
        child: a child just started.
        understand: makes a message of a line whose seal is right.
        limits: how long it may take for one step.
        deadline: the moment at which the whole subject's time is up.
        stop: set when nobody waits for an answer any more.
        patience: how many times the usual time a step may take.
    """

    def __init__(
        self,
        child: Child,
        understand: Callable[[bytes], Message],
        limits: Limits,
        deadline: float,
        stop: threading.Event,
        *,
        patience: Callable[[str], float],
    ) -> None:
        self.stopped = False
        self._patience = patience
        self._child = child
        self._understand, self._unseal = understand, opening(child.key)
        self._limits = limits
        self._deadline = deadline
        self._stop = stop
        self._course = Course()
        self._buffer = b""
        self._printed = b""

    @property
    def death(self) -> Death | None:
        """How the child ended before it was done."""
        return self._course.death

    def messages(self) -> Iterator[Message]:
        """Yield messages until the child ends; it and what it started are gone afterwards."""
        child = self._child
        wire, out = child.wire.fileno(), child.out.fileno()
        with selectors.DefaultSelector() as selector, selectors.DefaultSelector() as others:
            for descriptor in (wire, out):
                os.set_blocking(descriptor, False)
            for descriptor in (wire, out, child.process.sentinel):
                selector.register(descriptor, selectors.EVENT_READ)
            for descriptor in (out, child.process.sentinel):
                others.register(descriptor, selectors.EVENT_READ)
            try:
                yield from self._until_the_end(selector, others, wire, out)
            finally:
                end_tree(child.pid)
                child.process.join(5)
                end_group(child.pid)
                child.close()

    @property
    def _seconds(self) -> float:
        """How long the step that is tried may take."""
        step = self._course.step
        return self._limits.claim_seconds * (self._patience(step) if step else 1.0)

    def _until_the_end(
        self,
        selector: selectors.BaseSelector,
        others: selectors.BaseSelector,
        wire: int,
        out: int,
    ) -> Iterator[Message]:
        share = Share(self._child.pid)
        while not self._course.done and self.death is None:
            if self._stop.is_set():
                self.stopped = True
                return
            late = time.monotonic() >= self._deadline
            if late or share.seconds() >= self._seconds:
                self._give_up(out, late=late)
                return
            ready = {key.fd for key, _ in selector.select(_TICK)}
            if out in ready and not self._drain(out):
                for one in (selector, others):
                    one.unregister(out)
            if wire in ready:
                data = _read(wire)
                if data == b"":
                    selector.unregister(wire)
                for message in self._split(data or b""):
                    yield message
                    share.begin()
                if data and not self._course.done:
                    others.select(_PAUSE)
            elif self._child.process.sentinel in ready and not self._course.done:
                self._drain(out)
                self.stopped = self._stop.is_set()  # then it was ended by us
                if not self.stopped:
                    self._post_mortem()
                return

    def _split(self, data: bytes) -> Iterator[Message]:
        """Yield the messages of whole lines, up to the first that nothing may follow."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > LONGEST:
            lines.append(self._buffer)
        for line in lines:
            known = self._unseal(line + b"\n") if len(line) <= LONGEST else None
            if known is None:
                self._died("forged", 0)
                return
            try:
                message = self._understand(known)
            except UnsoundError as error:
                self._died("unsound", 0, text=error.what)
                return
            self._course.follow(message)
            yield message
            if self._course.done or self.death is not None:
                return

    def _drain(self, out: int) -> bool:
        """Keep the last of what the subject prints; False at its end."""
        while data := _read(out):
            self._printed = (self._printed + data)[-_KEPT:]
            if len(data) < 65536:
                return True
        return data is None

    def _give_up(self, out: int, *, late: bool) -> None:
        """Ask the system where the child is, and describe the hang."""
        with contextlib.suppress(OSError):
            os.kill(self._child.pid, signal.SIGABRT)  # faulthandler writes the stack
        until = time.monotonic() + _GRACE
        while time.monotonic() < until and self._child.process.exitcode is None:
            self._drain(out)
            time.sleep(0.01)
        self._drain(out)
        kind, seconds = "hang" if self._course.ready else "unready", self._seconds
        if late:
            kind, seconds = "time", self._limits.subject_seconds
        self._died(kind, seconds)

    def _post_mortem(self) -> None:
        self._child.process.join(1)
        code = self._child.process.exitcode or 0
        if not self._course.ready:
            self._died("unready", code)
        elif code == CUT_OFF:
            self._died("closed", code)
        elif code == PATCHED:
            self._died("patched", code)
        elif code < 0:
            self._died("signal", -code)
        else:
            self._died("exit", code)

    def _died(self, kind: str, number: float, text: str = "") -> None:
        self._course.end(kind, number, self._printed.decode("utf-8", "replace"), text=text)


def _read(descriptor: int) -> bytes | None:
    """Return what can be read now: b"" at the end, None where there is nothing yet."""
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return None
    except OSError:
        return b""
