"""Killed or interrupted at any moment: the file is whole, holds what is finished, nobody stays."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import FINE, spec_with
from tests.thorough import THOROUGH

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")

MANY = 6
MOMENTS = range(20 if THOROUGH else 1)
SUBJECTS = """
import os, signal, subprocess
from pathlib import Path
from fine import Fine
for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
subprocess.Popen(["sleep", "98765"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.pause()
    os._exit(0)
""" + "".join(
    f"""
class S{number}(Fine):
    def __init__(self, channels):
        Path("begun{number}").touch()
        super().__init__(channels)
"""
    for number in range(MANY)
)
OLD = b"old\n"
GONE_WITHIN = 2.0 if THOROUGH else 20.0
"""Seconds; the usual tests may run on a busy machine."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    (tmp_path / "subjects.py").write_text(SUBJECTS, encoding="utf-8")
    spec_with(tmp_path, {f"s{number}": f"subjects.py:S{number}" for number in range(MANY)})
    (tmp_path / "r.json").write_bytes(OLD)
    return tmp_path


def begin(folder: Path, *words: str, **how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "attncheck"), *words, "-o", "r.json"],
        cwd=folder,
        env={**os.environ, "ATTNCHECK_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **{"preexec_fn": hear_all, **how},
    )


def hear_all() -> None:
    """Hear every signal, also where the tests themselves run in the background."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def audit(folder: Path, **how: Any) -> subprocess.Popen[str]:
    return begin(folder, "audit", "tiny.toml", "--jobs", "1", **how)


def sweep(folder: Path, *words: str) -> subprocess.Popen[str]:
    few = ("--sizes", "4", "--processes", "1", "--seconds", "0.02", "--memory-limit", "2GiB")
    return begin(folder, "profile", "simam", "eca", "se", *few, *words)


def begun(folder: Path) -> int:
    return len(list(folder.glob("begun*")))


def known(folder: Path) -> list[str]:
    """Return the subjects in the file, which is the old one or a whole one.

    Where nothing was finished, the old one may be set aside.
    """
    place = folder / "r.json"
    data = (place if place.exists() else folder / "r.json.old").read_bytes()
    return [] if data == OLD else [one["subject"] for one in json.loads(data)["subjects"]]


def wait_for(condition: Any, running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while not condition() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


def a_moment(folder: Path, running: subprocess.Popen[str], seed: str) -> None:
    """Wait for a random moment: so many subjects begun, and a little more."""
    chosen = random.Random(seed)
    at = chosen.randrange(MANY)
    wait_for(lambda: begun(folder) >= at, running)
    time.sleep(chosen.uniform(0, 0.4))


def nobody_is_left(folder: Path) -> None:
    token = str(folder / "home").encode()
    until = time.monotonic() + GONE_WITHIN
    while left := [pid for pid in os.listdir("/proc") if pid.isdigit() and _has(pid, token)]:
        if time.monotonic() > until:
            told = [Path("/proc", pid, "status").read_text()[:400] for pid in left]
            for pid in left:
                os.kill(int(pid), signal.SIGKILL)
            raise AssertionError(f"still running: {told}")
        time.sleep(0.02)


def _has(pid: str, token: bytes) -> bool:
    try:
        return token in Path("/proc", pid, "environ").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_audit_killed_leaves_what_was_finished_and_nobody(folder: Path, moment: int) -> None:
    running = audit(folder)
    a_moment(folder, running, f"kill {moment}")
    running.kill()
    before = begun(folder)
    running.communicate()
    nobody_is_left(folder)
    # One may be on its way to the file while the next has begun.
    assert known(folder)[: max(before - 2, 0)] == [f"s{n}" for n in range(max(before - 2, 0))]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_audit_interrupted_many_times_writes_what_is_finished(folder: Path, moment: int) -> None:
    running = audit(folder)
    wait_for(lambda: begun(folder) > 0, running)  # then Python is up
    a_moment(folder, running, f"interrupt {moment}")
    chosen = random.Random(moment)
    before = begun(folder)
    for _ in range(chosen.choice((1, 2, 5))):
        number = chosen.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        if running.poll() is None:
            running.send_signal(number)
        time.sleep(chosen.uniform(0, 0.05))
    _, errors = running.communicate(timeout=60)
    nobody_is_left(folder)
    assert running.returncode in (0, 2), errors
    report = json.loads((folder / "r.json").read_bytes())
    assert report["partial"] is (running.returncode == 2)
    assert len(report["subjects"]) >= before - 1
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_while_it_starts_leaves_the_old_file(folder: Path, number: int) -> None:
    running = audit(folder)
    server = b"multiprocessing.forkserver"
    token = str(folder / "home").encode()

    def loading() -> bool:
        return any(
            pid.isdigit() and _has(pid, token) and server in _command(pid)
            for pid in os.listdir("/proc")
        )

    wait_for(loading, running)
    for _ in range(3):
        running.send_signal(number)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert known(folder) == [] or begun(folder)
    nobody_is_left(folder)


def _command(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""


def test_where_interrupts_are_ignored_they_stay_so(folder: Path) -> None:
    running = audit(folder, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    wait_for(lambda: begun(folder) >= 2, running)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert len(known(folder)) == MANY
    nobody_is_left(folder)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_that_was_ended_goes_on_where_it_was(
    folder: Path, number: int, moment: int
) -> None:
    running = sweep(folder)
    chosen = random.Random(f"sweep {number} {moment}")
    at = chosen.randrange(3)
    wait_for(lambda: len(known(folder)) >= at, running)
    time.sleep(chosen.uniform(0, 1.5))
    before = len(known(folder))
    if running.poll() is None:
        running.send_signal(number)
    running.communicate(timeout=60)
    nobody_is_left(folder)
    assert len(known(folder)) >= before
    if not known(folder):
        return
    again = sweep(folder, "--resume", "r.json")
    _, errors = again.communicate(timeout=240)
    assert again.returncode in (0, 3), errors
    assert len(known(folder)) == 3


def test_a_sweep_killed_inside_of_a_subject_goes_on_inside_of_it(folder: Path) -> None:
    few = ("--sizes", "4", "--processes", "3", "--seconds", "0.02", "--memory-limit", "2GiB")
    running = begin(folder, "profile", "simam", *few)

    def timed() -> int:
        data = (folder / "r.json").read_bytes()
        subjects = [] if data == OLD else json.loads(data)["subjects"]
        return len(subjects[0]["profile"]["so_far"]["times"]) if subjects else 0

    wait_for(lambda: timed() >= 1, running)
    running.kill()
    running.communicate()
    nobody_is_left(folder)
    report = json.loads((folder / "r.json").read_bytes())
    (subject,) = report["subjects"]
    assert report["partial"]
    assert not subject["profile"]["complete"]
    first = subject["profile"]["so_far"]["times"][0]["answers"]
    again = begin(folder, "profile", "simam", *few, "--resume", "r.json", "--format", "json")
    shown, errors = again.communicate(timeout=240)
    assert again.returncode in (0, 3), errors
    (subject,) = json.loads(shown)["subjects"]
    assert subject["profile"]["complete"]
    assert "so_far" not in subject["profile"]
    (step,) = first
    processes = subject["profile"]["rows"][0]["forward"]
    assert json.dumps(first[step]["digest"]["median"]) in json.dumps(processes)
