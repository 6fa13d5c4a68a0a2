"""What the fork server imports once, so that each child starts in hundredths of a second.

Imported by the fork server alone, which says so by an environment variable.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import pkgutil
import signal
from types import FrameType

MARK = "ATTNCHECK_FORKSERVER"
EVERYTHING = "everything"
_SOONER_OR_LATER = (
    "torch.fx.experimental.symbolic_shapes",  # tensors on "meta" need it
    "fvcore.nn",
    "torch.utils.flop_counter",
    "attncheck.instruments.counting.predicted",
)
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
    gc.disable()  # what is imported stays: looking for garbage in it takes a sixth of the time
    with contextlib.suppress(Exception):  # a child tells what is wrong with torch
        _load(wanted, modules)
    # Nor do children look through it: they would copy every page that they look at.
    gc.freeze()
    gc.enable()
    # From here on the server itself notices when the command is gone, and ends.
    atexit.register(_take_along, os.getpid())
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _load(wanted: str, modules: tuple[str, ...]) -> None:
    import torch

    torch.set_num_threads(1)
    child = importlib.import_module("attncheck.execution.child")
    for name in modules:
        importlib.import_module(name)
    from attncheck.probes import all_kinds, find_kind
    from attncheck.subject.dispatcher import spare_the_compiler

    for kind in all_kinds():
        with contextlib.suppress(Exception):
            find_kind(kind)
    for package in _JUDGING:
        place = importlib.import_module(package).__path__
        for module in pkgutil.iter_modules(place, f"{package}."):
            with contextlib.suppress(Exception):
                importlib.import_module(module.name)
    if wanted == EVERYTHING:
        for name in _SOONER_OR_LATER:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    spare_the_compiler()  # which finds nothing among what is frozen
    _warm()
    child.note_judges()


def _warm() -> None:
    """Let torch make ready what it makes ready at its first call; gradients would start threads."""
    import torch

    with torch.no_grad(), contextlib.suppress(Exception):
        maps = torch.ones(1, 2, 4, 4)
        seen = torch.nn.BatchNorm2d(2)(torch.nn.Conv2d(2, 2, 3, padding=1)(maps))
        rows = torch.nn.LayerNorm(4)(torch.nn.Linear(4, 4)(seen))
        torch.einsum("bchw,bcij->bhwij", rows.softmax(-1).double(), rows.double())


def _take_along(server: int) -> None:
    """End what subjects left behind, and this process without taking torch apart first."""
    from attncheck.execution.killing import end_below

    if os.getpid() == server:
        end_below(server)
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
