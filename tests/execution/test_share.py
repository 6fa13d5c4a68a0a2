"""A module is not called hanging for what others do with the machine."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from attncheck.auditing.job import Job
from attncheck.auditing.task import Audit
from attncheck.catalogue import load
from attncheck.execution import listening
from attncheck.execution.limits import Limits
from attncheck.execution.listening import Ear
from attncheck.execution.messages import Message, Started
from attncheck.execution.share import Share, look


class Machine:
    """A clock, and what the system tells of one process: it gets ``share`` of the time it wants."""

    def __init__(self, *, wants: bool, share: float = 1.0, tells: bool = True) -> None:
        self.wants, self.share, self.tells = wants, share, tells
        self.time = self.used = 0.0

    def now(self) -> float:
        return self.time

    def look(self, pid: int) -> tuple[bool, float] | None:
        return (self.wants, self.used) if self.tells else None

    def pass_(self, seconds: float) -> None:
        self.time += seconds
        self.used += self.share * seconds if self.wants else 0.0

    def had(self, seconds: int) -> float:
        share = Share(1, self.look, self.now)
        for _ in range(5 * seconds):
            self.pass_(0.2)
            share.seconds()
        return share.seconds()


def test_processor_time_is_told_in_ticks_and_asked_more_often() -> None:
    machine = Machine(wants=True)
    share = Share(1, lambda _: (True, int(100 * machine.used) / 100), machine.now)
    for _ in range(3000):
        machine.pass_(0.001)
        share.seconds()
    assert share.seconds() == pytest.approx(3.0, abs=0.02)


@pytest.mark.parametrize(
    ("machine", "seconds"),
    [
        (Machine(wants=False), 100),  # it sleeps, or waits for a lock
        (Machine(wants=True), 100),  # it computes without end
        (Machine(wants=True, share=4.0), 100),  # the same on four processors
        (Machine(wants=True, share=0.05), 5),  # others compute
        (Machine(wants=True, share=0.0), 0),
        (Machine(wants=True, share=0.05, tells=False), 100),  # a system that tells nothing
    ],
)
def test_time_that_others_took_is_not_its_own(machine: Machine, seconds: float) -> None:
    assert machine.had(100) == pytest.approx(seconds)


def test_a_sign_begins_anew() -> None:
    machine = Machine(wants=False)
    share = Share(1, machine.look, machine.now)
    machine.pass_(20)
    assert share.seconds() == 20
    share.begin()
    machine.pass_(3)
    assert share.seconds() == 3


class Silent:
    """A child that says nothing; after ten looks at it the task is over."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.stop = machine, threading.Event()
        self.reader, self.writer = os.pipe()
        process = SimpleNamespace(sentinel=-1)
        self.child: Any = SimpleNamespace(pid=0, key=b"k" * 32, process=process)
        self.looks = 0

    def share(self, pid: int) -> Share:
        return Share(pid, self.look, self.machine.now)

    def look(self, pid: int) -> tuple[bool, float] | None:
        self.machine.pass_(10)
        self.looks += 1
        if self.looks > 10:
            self.stop.set()
        return self.machine.look(pid)


@pytest.mark.parametrize(
    ("wants", "step", "kind"),
    [(False, "runs", "hang"), (True, "runs", None), (False, "compile", None)],
)
def test_who_sleeps_for_the_limit_hangs_and_who_is_kept_waiting_or_has_more_of_it_does_not(
    wants: bool, step: str, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Audit(Job(spec="tokens", name="it", target="it.py:It", folder=""), load("tokens").claims)
    silent = Silent(Machine(wants=wants, share=0.1))
    monkeypatch.setattr(listening, "Share", silent.share)
    monkeypatch.setattr(listening, "_TICK", 0.0)
    gone: list[str] = []
    monkeypatch.setattr(Ear, "_give_up", lambda self, out, late: gone.append("hang"))
    limits, never = Limits(30), float("inf")
    ear = Ear(silent.child, _nothing, limits, never, silent.stop, patience=task.patience)
    ear._course.follow(Started(step))
    assert not list(_until_the_end(ear, silent))
    assert gone == ([kind] if kind else [])


def _nothing(line: bytes) -> Message:
    raise AssertionError(line)


def _until_the_end(ear: Ear, silent: Silent) -> Iterator[object]:
    with selectors.DefaultSelector() as selector, selectors.DefaultSelector() as others:
        yield from ear._until_the_end(selector, others, silent.reader, silent.writer)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_the_system_tells_who_would_go_on() -> None:
    sleeper = subprocess.Popen(
        [sys.executable, "-c", "import time; print(flush=True); time.sleep(99)"],
        stdout=subprocess.PIPE,
    )
    try:
        assert sleeper.stdout is not None
        sleeper.stdout.readline()
        os.kill(sleeper.pid, signal.SIGSTOP)
        os.waitpid(sleeper.pid, os.WUNTRACED)
        told = look(sleeper.pid)
        assert told is not None
        assert not told[0]
        here = look(os.getpid())
        assert here is not None
        assert here[0]
    finally:
        sleeper.kill()
        sleeper.wait()
    assert look(sleeper.pid) is None
