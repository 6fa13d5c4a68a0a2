"""Start child processes from a fork server that has torch loaded already."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from attncheck.execution import interrupts
from attncheck.execution.killing import end_all, end_below
from attncheck.execution.limits import Limits
from attncheck.execution.preload import EVERYTHING, MARK
from attncheck.execution.seal import secret
from attncheck.execution.task import AnyTask

_lock = threading.Lock()
_warm = threading.Event()
_PATIENCE = 10.0


@dataclass
class Child:
    """A running child: what it says, what its subject prints, its key, and the process itself."""

    process: BaseProcess
    wire: Connection
    out: Connection
    key: bytes

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self.process.pid or 0

    def close(self) -> None:
        """Close our ends of its pipes."""
        self.wire.close()
        self.out.close()


def fresh_context() -> Any:
    """Return how processes start here: from the fork server, or spawned where there is none."""
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


def warm_up(*, everything: bool = False, modules: Iterable[str] = ()) -> None:
    """Start the fork server, once; it loads torch while the caller goes on.

    Args:
        everything: load also what most children need sooner or later; pays off for many.
        modules: what the work of the children stands in.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing import forkserver, resource_tracker

    fresh_context().set_forkserver_preload(["attncheck.execution.preload"])
    with _lock, nobody_else_in_charge(), _elsewhere():
        if _warm.is_set():
            return
        _warm.set()
        what = EVERYTHING if everything else "torch"
        os.environ[MARK] = " ".join([what, str(os.getpid()), *modules])
        try:
            # Where it cannot be started, starting a child says so.
            with contextlib.suppress(OSError):
                resource_tracker.ensure_running()  # which unblocks what it blocks
                with interrupts.blocked():  # Ctrl-C is meant for the command alone
                    forkserver.ensure_running()
        finally:
            os.environ.pop(MARK, None)


def cool_down() -> None:
    """End the fork server and whatever subjects left behind."""
    _end_server()
    # Who was about to start a child has got another server from multiprocessing meanwhile.
    held = _lock.acquire(timeout=_PATIENCE)
    try:
        _end_server()
        _warm.clear()
    finally:
        if held:
            _lock.release()


def _end_server() -> None:
    if (server := server_pid()) > 1:
        end_below(server)
        end_all([server])


def server_pid() -> int:
    """Return the fork server's process id, 0 where there is none."""
    from multiprocessing import forkserver

    return getattr(forkserver._forkserver, "_forkserver_pid", 0) or 0


def start(task: AnyTask, steps: Sequence[str], limits: Limits) -> Child:
    """Start a child that is asked these steps of a task."""
    from attncheck.execution.child import main

    if not _warm.is_set():
        warm_up(modules=task.modules())
    context = fresh_context()
    wire, theirs = context.Pipe(duplex=False)
    out, their_out = context.Pipe(duplex=False)
    key = secret()
    asked = (task.kind(), *map(msgspec.json.encode, (task.narrowed(steps), limits)))
    child = context.Process(target=main, args=(*asked, key, theirs, their_out), daemon=True)
    with _lock, nobody_else_in_charge(), _of_a_daemon():
        child.start()
    theirs.close()
    their_out.close()
    return Child(child, wire, out, bytes(key))


@contextlib.contextmanager
def _of_a_daemon() -> Iterator[None]:
    """Let a daemonic process, such as an engine's worker, have children.

    It may have none because nobody would end them with it: the fork server ends with it by itself.
    """
    process: Any = multiprocessing.current_process()
    is_daemon = process._config.pop("daemon", None)
    try:
        yield
    finally:
        if is_daemon is not None:
            process._config["daemon"] = is_daemon


@contextlib.contextmanager
def nobody_else_in_charge() -> Iterator[None]:
    """Hide the main module: children would run the console script or a user's script again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """Leave the user's folder: the server imports from where it starts, and a user may well
    have a ``torch.py`` there.
    """
    try:
        here = os.getcwd()
    except OSError:
        here = ""
    os.chdir(Path(__file__).parents[2])
    try:
        yield
    finally:
        if here:
            os.chdir(here)
