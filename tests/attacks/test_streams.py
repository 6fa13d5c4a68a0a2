"""What is finished is written, whatever becomes of the screen, the process or its surroundings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest

from tests.attacks.box import Box
from tests.attacks.modules import SE, WRONG, spec_of

AUDIT = "ATTN audit se se.py:SE --claim gate -o r.json"
ENDS = {0: SE, 1: WRONG}


def audited(box: Box, status: int, line: str) -> None:
    """Run a line on a sound or wrong module; its status and its report must be that module's."""
    box.write("se.py", ENDS[status])
    assert box.shell(f"{line}; exit ${{PIPESTATUS[0]}}").decently().status == status
    assert box.verdicts() == {"SE": "violates" if status else "conforms"}


@pytest.mark.parametrize(
    ("streams", "status"),
    [
        (">&-", 1),
        ("2>&-", 0),
        ("<&- >&- 2>&-", 1),
        ("2>/dev/full", 0),
        (">/dev/full", 1),
        (">/dev/full 2>/dev/full", 0),
        ("| head -c 1", 1),
    ],
)
def test_a_stream_that_is_closed_full_or_gone_loses_nothing(
    box: Box, streams: str, status: int
) -> None:
    audited(box, status, f"{AUDIT} {streams}")


@pytest.mark.parametrize("columns", [1, 14])
def test_a_narrow_terminal_loses_nothing(box: Box, columns: int) -> None:
    audited(box, 1, f"COLUMNS={columns} {AUDIT}")


def test_few_descriptors_are_enough(box: Box) -> None:
    audited(box, 0, f"ulimit -n 256; {AUDIT}")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("ATTN explain nosuch 2>&-", 2),
        ("ATTN list specs >&- 2>&-", 0),
        ("ATTN audit se gone.py:SE 2>&-", 2),
        ("ATTN gate r.json --baseline b.json 2>&-", 0),
        ("ATTN gate w.json --baseline b.json >&- 2>&-", 1),
        ("ATTN report r.json -o x.html >&-", 0),
    ],
)
def test_a_status_holds_whatever_is_closed(
    box: Box, sound: object, wrong: object, line: str, status: int
) -> None:
    for name, report in (("r", sound), ("b", sound), ("w", wrong)):
        box.dump(f"{name}.json", report)
    assert box.shell(line).decently().status == status


# ------------------------------------------------------------------- interrupts and kills

INSIDE = "import os, time\nopen('INSIDE', 'w').close()\ntime.sleep(600)\n"


def audit_stuck_in_the_last(box: Box) -> subprocess.Popen[bytes]:
    """Start an audit of which two subjects are finished and the third never ends."""
    for name, text in spec_of({"one": SE, "two": WRONG, "three": INSIDE + SE}).items():
        box.write(name, text)
    words = ("--claim", "gate", "--jobs", "1", "-o", "r.json", "--timeout", "900")
    running = box.start("audit", "many.toml", *words)
    while not (box.here / "INSIDE").exists():
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    return running


@pytest.mark.parametrize("pauses", [(), (0.0,), (0.04,), (0.01, 0.01)], ids=len)
def test_however_often_it_is_interrupted_what_is_finished_is_written(
    box: Box, pauses: tuple[float, ...]
) -> None:
    running = audit_stuck_in_the_last(box)
    os.killpg(running.pid, signal.SIGINT)
    for pause in pauses:
        time.sleep(pause)
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGINT)
    box.end(running).decently(2, 130)
    found = box.verdicts()
    assert (found["one"], found["two"]) == ("conforms", "violates")
    assert not box.left()


def test_an_interrupt_that_only_the_parent_hears_ends_all(box: Box) -> None:
    running = audit_stuck_in_the_last(box)
    running.send_signal(signal.SIGINT)
    box.end(running).decently(2, 130)
    assert box.verdicts()["one"] == "conforms"
    assert not box.left()


def test_a_kill_leaves_whole_files_and_no_process(box: Box) -> None:
    box.write("r.json", '{"old": true}')
    running = audit_stuck_in_the_last(box)
    running.kill()
    running.communicate()
    assert not box.left()
    assert isinstance(json.loads((box.here / "r.json").read_bytes()), dict)


# ------------------------------------------------------------------------------ processes

LEAVES = {
    "a session": "if os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n",
    "an orphan": "if os.fork() == 0:\n    os.fork() or time.sleep(600)\n    os._exit(0)\n",
    "a program": "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\n",
}


def test_daemons_neither_hold_up_an_audit_nor_stay(box: Box) -> None:
    left = {f"m{n}": f"import os, time\n{lines}{SE}" for n, lines in enumerate(LEAVES.values())}
    for name, text in spec_of({**left, "last": SE}).items():
        box.write(name, text)
    box.run("audit", "many.toml", "--claim", "gate", "-o", "r.json").decently(0)
    assert set(box.verdicts().values()) == {"conforms"}
    assert not box.left()


# ------------------------------------------------------------------------------ and benign

POOL = """import multiprocessing as mp, subprocess, threading
def twice(n):
    return 2 * n
with mp.get_context("fork").Pool(2) as pool:
    assert pool.map(twice, [1, 2]) == [2, 4]
subprocess.run(["true"], check=True)
thread = threading.Thread(target=print, args=("ready",))
thread.start()
thread.join()
"""


def test_benign_processes_and_threads_of_an_import(box: Box) -> None:
    box.write("se.py", POOL + SE)
    box.run("audit", "se", "se.py:SE", "--claim", "gate").decently(0)


@pytest.mark.parametrize("line", ["COLUMNS=30 " + AUDIT + " | cat", AUDIT + " >/dev/null"])
def test_benign_pipes_and_devices_as_screens(box: Box, line: str) -> None:
    audited(box, 1, line)
