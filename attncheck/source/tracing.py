"""Run a module once and watch its own lines: what each made, changed and returned."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from attncheck.lazy import torch
from attncheck.source.files import OwnFiles
from attncheck.source.statements import Statement, statement_at

RETURNED = "return"
"""The name under which a step holds what its line returned."""

_MOST_ENTRIES = 1_000_000
_MOST_STEPS = 4_000


@dataclass(frozen=True)
class Value:
    """A tensor (or a number, as a tensor without axes) as a line left it."""

    tensor: torch.Tensor
    requires_grad: bool = False
    number: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(self.tensor.shape)


@dataclass
class Step:
    """One line of the subject, once executed.

    Attributes:
        path, line: the line.
        function: the function's name.
        owner: the class of ``self``, if the function has one.
        frame: tells one call of a function from another.
        values: the local tensors and numbers that are new or changed after the line, tensors in
            tuples as ``name[0]``, attributes of ``self`` as ``self.name``, and what it returned
            as ``return``.
        seen: what ``observe`` returned after the line.
    """

    path: str
    line: int
    function: str
    owner: type | None
    frame: int
    values: dict[str, Value]
    seen: Any = None

    @property
    def statement(self) -> Statement | None:
        """The statement that the line belongs to."""
        return statement_at(self.path, self.line)

    @property
    def at(self) -> tuple[str, int]:
        """The file and the first line of the statement."""
        found = self.statement
        return self.path, found.line if found else self.line


@dataclass
class _Watched:
    """What is known of one running frame."""

    number: int
    line: int | None
    held: dict[str, tuple[Any, int]]


@dataclass
class Tracer:
    """Collects steps while it is the thread's trace function."""

    files: OwnFiles
    observe: Callable[[], Any] | None = None
    steps: list[Step] = field(default_factory=list)
    _frames: dict[FrameType, _Watched] = field(default_factory=dict)

    def enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Watch a frame if it is the subject's own."""
        if event != "call" or frame.f_code.co_filename not in self.files:
            return None
        if frame not in self._frames:
            self._frames[frame] = _Watched(len(self._frames), None, dict(_held(frame)))
        return self._inside

    def _inside(self, frame: FrameType, event: str, argument: Any) -> Any:
        watched = self._frames[frame]
        if event in ("line", "return") and len(self.steps) < _MOST_STEPS:
            if watched.line is not None:
                self._finish(frame, watched, argument if event == "return" else None)
            watched.line = frame.f_lineno if event == "line" else None
        return self._inside

    def _finish(self, frame: FrameType, watched: _Watched, returned: Any) -> None:
        now = dict(_held(frame))
        values = {
            name: value
            for name, (thing, mark) in now.items()
            if not _same(watched.held.get(name), thing, mark) and (value := _value(thing))
        }
        watched.held = now
        for name, thing in _flat(RETURNED, returned, 2):
            if value := _value(thing):
                values[name] = value
        own = frame.f_locals.get("self")
        self.steps.append(
            Step(
                frame.f_code.co_filename,
                watched.line or 0,
                frame.f_code.co_name,
                type(own) if isinstance(own, torch.nn.Module) else None,
                watched.number,
                values,
                self.observe() if self.observe else None,
            )
        )

    def close(self) -> None:
        """Let the frames and what they hold go."""
        self._frames.clear()


@contextmanager
def tracing(files: OwnFiles, observe: Callable[[], Any] | None = None) -> Iterator[list[Step]]:
    """Collect the steps of what runs inside; ``observe`` is asked after every line.

    A debugger's or a coverage tool's trace function is put back afterwards.
    """
    tracer = Tracer(files, observe)
    before = sys.gettrace()
    sys.settrace(tracer.enter)
    try:
        yield tracer.steps
    finally:
        sys.settrace(before)
        tracer.close()


def _same(before: tuple[Any, int] | None, thing: Any, mark: int) -> bool:
    if before is None or before[1] != mark:
        return False
    return before[0] is thing or (isinstance(thing, float) and before[0] == thing)


def _held(frame: FrameType) -> Iterator[tuple[str, tuple[Any, int]]]:
    """Yield name -> (tensor or number, its version) of a frame's locals and of ``self``."""
    for name, thing in frame.f_locals.items():
        if isinstance(thing, torch.nn.Module):
            if name == "self":
                for key, kept in vars(thing).items():
                    yield from _marked(_flat(f"self.{key}", kept, 1))
                yield from _marked((f"self.{k}", b) for k, b in thing._buffers.items())
                yield from _marked((f"self.{k}", p) for k, p in thing._parameters.items())
        else:
            yield from _marked(_flat(name, thing, 2))


def _marked(items: Any) -> Iterator[tuple[str, tuple[Any, int]]]:
    for name, thing in items:
        if isinstance(thing, torch.Tensor):
            yield name, (thing, -1 if thing.is_inference() else thing._version)
        elif isinstance(thing, float):
            yield name, (thing, 0)


def _flat(name: str, thing: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the tensors and floats in a nest of containers, named by their place."""
    if isinstance(thing, (torch.Tensor, float)):
        yield name, thing
    elif depth and isinstance(thing, (tuple, list)):
        for index, item in enumerate(thing[:16]):
            yield from _flat(f"{name}[{index}]", item, depth - 1)
    elif depth and isinstance(thing, dict) and not name.startswith("self._"):
        for key, item in list(thing.items())[:16]:
            yield from _flat(f"{name}[{key!r}]", item, depth - 1)


def _value(thing: Any) -> Value | None:
    if isinstance(thing, float):
        return Value(torch.tensor(thing, dtype=torch.float64), number=True)
    if thing is None or thing.numel() > _MOST_ENTRIES or thing.layout is not torch.strided:
        return None
    return Value(thing.detach().clone(), thing.requires_grad)
