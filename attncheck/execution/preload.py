"""What the fork server imports once, so that each child starts in hundredths of a second.

Imported by the fork server alone, which says so by an environment variable.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import pkgutil
import signal
from types import FrameType

MARK = "ATTNCHECK_FORKSERVER"
EVERYTHING = "everything"
_LOOK = 0.2
_JUDGING = ("attncheck.instruments.counting", "attncheck.mutation.operators", "attncheck.reference")
"""Packages loaded on demand: a subject that were first to load them could change them unseen."""


def _preload(wanted: str, command: int, *modules: str) -> None:
    from attncheck.execution.limits import adopt_orphans

    _end_with(command)
    # The server outlives a command by a moment and must not hold its terminal or pipe open.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)
    adopt_orphans()
    with contextlib.suppress(Exception):  # a child tells what is wrong with torch
        import torch

        torch.set_num_threads(1)
        importlib.import_module("attncheck.execution.child")
        for name in modules:
            importlib.import_module(name)
        from attncheck.probes import all_kinds, find_kind

        for kind in all_kinds():
            with contextlib.suppress(Exception):
                find_kind(kind)
        for package in _JUDGING:
            place = importlib.import_module(package).__path__
            for module in pkgutil.iter_modules(place, f"{package}."):
                with contextlib.suppress(Exception):
                    importlib.import_module(module.name)
        if wanted == EVERYTHING:  # what tensors on "meta" import, which takes as long as torch
            importlib.import_module("torch._dynamo")
            importlib.import_module("torch.fx.experimental.symbolic_shapes")
    # From here on the server itself notices when the command is gone, and ends.
    atexit.register(_take_along, os.getpid())
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _take_along(server: int) -> None:
    """End what subjects left behind, and this process without taking torch apart first."""
    from attncheck.execution.killing import descendants, end_all

    if os.getpid() == server:
        end_all(descendants(server))
        os._exit(0)


def _end_with(command: int) -> None:
    """End with the command, however that ended, while this process is busy loading."""

    def look(number: int, frame: FrameType | None) -> None:
        if os.getppid() != command:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK, _LOOK)


if _wanted := os.environ.pop(MARK, ""):
    _what, _command, *_modules = _wanted.split()
    _preload(_what, int(_command), *_modules)
