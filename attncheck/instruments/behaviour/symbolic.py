"""Tracing with sizes as symbols: where it makes a number of one, and fixes it; what torch says."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.files import file_of, is_library
from attncheck.source.places import place
from attncheck.source.raised import is_file, is_of_torch, is_ours
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_GUARDS = re.compile(r"^ *- \d+/\d+: ", re.MULTILINE)
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_FIRST_USE = re.compile(r"[^\s()]+\.py:\d+ in \S+ \(user code shown is first use")
"""A line that only names the size: the guard is torch's own."""
_IN_GUARD = re.compile(r"(?:^|[\s(])([^\s()]+\.py):(\d+) in ")


@dataclass(frozen=True)
class Fixed:
    """A size that tracing made a number of, and the subject's line that did."""

    size: int
    location: Location | None


def as_written(trial: Trial) -> Trial:
    """Return the trial with the module's own casts: what watches them cannot be traced."""
    subject = replace(trial.subject, widened=False, lifted=False)
    return Trial(subject, trial.case)


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what torch prints and logs of a graph that it cannot make."""
    said, before = io.StringIO(), logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield
    finally:
        logging.disable(before)


@contextmanager
def fixed_sizes() -> Iterator[list[Fixed]]:
    """Collect the sizes that are made numbers of inside; none where torch has changed within."""
    found: list[Fixed] = []
    kind, name = _shape_env(), "_set_replacement"
    original = getattr(kind, name, None)
    if original is None:
        yield found
        return

    def noted(env: Any, symbol: Any, becomes: Any, *rest: Any, **more: Any) -> Any:
        with suppress(Exception):
            if becomes.is_Integer:
                found.append(Fixed(int(becomes), innermost(_stack())))
        return original(env, symbol, becomes, *rest, **more)

    setattr(kind, name, noted)
    try:
        yield found
    finally:
        setattr(kind, name, original)


def _shape_env() -> Any:
    from torch.fx.experimental import symbolic_shapes

    return symbolic_shapes.ShapeEnv


def _stack() -> list[traceback.FrameSummary]:
    """Return the frames of what is traced, which the compiler follows without running them."""
    context = torch._guards.TracingContext
    followed = context.extract_stack() if context.try_get() is not None else None
    return list(followed or traceback.extract_stack())


def innermost(stack: Any, note: str = "") -> Location | None:
    """Return the innermost line of a stack that is neither a library's nor attncheck's."""
    for frame in reversed(list(stack or ())):
        path = frame.filename
        if is_file(path) and not is_ours(path) and not is_of_torch(path):
            return place(path, frame.lineno or 0, note)
    return None


def guarded_line(text: str, subject: Subject, note: str = "") -> Location | None:
    """Return the line of the first guard in torch's words, by its stack or by the end of a path.

    A path is written in full in a stack, and beside the guard's code as ``net.py:12 in forward``.
    """
    first = _GUARDS.split(text)[1] if len(_GUARDS.split(text)) > 1 else text
    first = _FIRST_USE.sub("", first)
    for path, line in reversed(_FRAME.findall(first)):
        if is_file(path) and not is_ours(path) and not is_of_torch(path):
            return place(path, int(line), note)
    files = {path for kind in _kinds(subject) if (path := file_of(kind)) and not is_library(path)}
    for name, line in _IN_GUARD.findall(first):
        for path in sorted(files):
            if path.endswith(name):
                return place(path, int(line), note)
    return None


def _kinds(subject: Subject) -> Iterator[Any]:
    factory: Any = subject.factory
    yield getattr(factory, "function", factory)
    module = Trial(subject, subject.base()).module()
    yield from {type(part) for part in module.modules()}
