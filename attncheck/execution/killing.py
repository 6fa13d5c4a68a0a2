"""End a child process and everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_ROUNDS, _PAUSE = 50, 0.01


def descendants(pid: int) -> list[int]:
    """Return the processes below one, as far as the system tells (Linux: ``/proc``)."""
    if pid <= 1:
        return []
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def end_below(pid: int) -> None:
    """Kill what is below a process that adopts orphans, until nothing is: what is killed may have
    started another in the moment before.
    """
    for _ in range(_ROUNDS):
        if not (below := descendants(pid)):
            return
        end_all(below)
        time.sleep(_PAUSE)


def end_tree(pid: int) -> None:
    """Kill a child, its group, and what it started into sessions of their own."""
    if pid <= 1:
        return
    below = descendants(pid)
    with contextlib.suppress(OSError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
    end_all([pid, *below])


def end_group(pid: int) -> None:
    """Kill what is left of the group of a child that is gone."""
    if pid > 1 and pid != os.getpgrp():
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def end_all(processes: list[int]) -> None:
    """Kill processes; those already gone do not matter."""
    for process in processes:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)


def _parents() -> Iterator[tuple[int, int]]:
    """Yield (process, its parent) of every living process that can be seen."""
    folder = Path("/proc")
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                # The name in brackets may hold anything, so count from the last bracket.
                state, parent = text.rpartition(")")[2].split()[:2]
                if state not in "ZX":  # not yet fetched, but dead
                    yield int(entry.name), int(parent)
