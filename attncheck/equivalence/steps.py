"""A definition whose every step can be looked at, and be given another value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.bound import bound
from attncheck.equivalence.comparison import Probe
from attncheck.equivalence.recording import Record, names_of
from attncheck.equivalence.values import Figures, figures
from attncheck.lazy import torch
from attncheck.mutation.definition import Definition, assigned
from attncheck.subject.dispatcher import watching

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_KEEP = "_keep"
RETURN = "the output"
_KEEPING = ast.Name(_KEEP, ast.Load())
_VALUED = (ast.Assign, ast.AnnAssign, ast.Return)

Key = tuple[int, int]
"""A step: which statement, and which time it runs. Inputs are -1, -2, …"""


@dataclass(frozen=True)
class DefinedLine:
    """One line of a definition.

    Attributes:
        number: in the definition's file.
        text: what it says.
        names: what it assigns; ``RETURN`` for what it returns.
        reads: the names that it reads, slots as ``p.name``.
    """

    number: int
    text: str
    names: tuple[str, ...]
    reads: frozenset[str]


@dataclass(frozen=True)
class DefinedStep:
    """One step of the definition, once executed.

    Attributes:
        key: which.
        name: what its line assigns.
        line: its line.
        value: its value.
        varies: whether the value depends on an input or a parameter.
        is_leaf: whether it is an input or a parameter itself.
    """

    key: Key
    name: str
    line: DefinedLine
    value: torch.Tensor
    varies: bool = True
    is_leaf: bool = False

    @cached_property
    def figures(self) -> Figures:
        """The figures of the value."""
        return figures(self.value)


@dataclass(frozen=True)
class Rerun:
    """One run of the definition: its steps, its output, and where it was recorded its operators."""

    steps: Mapping[Key, DefinedStep]
    output: torch.Tensor
    record: Record | None = None


class Stepwise:
    """A definition under one assignment, run step by step."""

    def __init__(
        self, mechanism: Mechanism, assignment: Assignment, probe: Probe, module: torch.nn.Module
    ) -> None:
        self.mechanism = mechanism
        self.assignment = assignment
        self.probe = probe
        self.module = module
        self._lines, self._function = _watched(mechanism)
        self._kinds: dict[Key, tuple[bool, bool]] = {}
        self._usual = [probe.inputs[name] for name in probe.data]
        self._run = self._bound(self._usual)

    def run(self, given: Mapping[Key, torch.Tensor], *, recorded: bool = False) -> Rerun | None:
        """Run it, some steps with given values; None where it raises."""
        probe = self.probe
        names = probe.data
        data = [given.get((-1 - n, 0), probe.inputs[name]) for n, name in enumerate(names)]
        inputs = {id(tensor): name for tensor, name in zip(data, names, strict=True)}
        named = {id(t): self.name_of(key) for key, t in given.items() if key[0] >= 0}
        record = Record(names_of(self.module), inputs | named) if recorded else None
        kept: dict[Key, torch.Tensor] = {}
        times: dict[int, int] = {}

        def keep(number: int, value: Any) -> Any:
            key = (number, times.get(number, 0))
            times[number] = key[1] + 1
            parts = value if isinstance(value, tuple) else (value,)
            for n, part in enumerate(parts):
                at = (number, key[1] + 1000 * n)
                if not isinstance(part, torch.Tensor):
                    continue
                if at in given and len(parts) == 1:
                    value = part = given[at]
                if part.is_floating_point() and part.numel() > 1:
                    kept[at] = part
            return value

        self._function.__globals__[_KEEP] = keep
        same = all(a is b for a, b in zip(data, self._usual, strict=True))
        try:
            with torch.no_grad():
                if record is None:
                    output = (self._run if same else self._bound(data))(self._function)
                else:
                    with watching(record.see):
                        output = self._bound(data)(self._function)
        except Exception:  # a value of another shape than the steps after it want
            return None
        if record is not None:
            self._kinds = {k: _kind(t, record) for k, t in kept.items()}
        steps = {
            key: DefinedStep(
                key,
                self.name_of(key),
                self._lines[key[0]],
                value,
                *self._kinds.get(key, (True, False)),
            )
            for key, value in kept.items()
        }
        return Rerun(steps, output, record)

    def name_of(self, key: Key) -> str:
        """Return what a step's line assigns."""
        if key[0] < 0:
            return self.probe.data[-1 - key[0]]
        names = self._lines[key[0]].names
        return names[min(key[1] // 1000, len(names) - 1)]

    def _bound(self, data: list[torch.Tensor]) -> Callable[[Callable[..., Any]], torch.Tensor]:
        probe = self.probe
        return bound(
            self.mechanism,
            self.assignment,
            self.module,
            data,
            probe.trial.dims,
            hidden=None if probe.hidden is None else probe.hidden.clone(),
        )


def _kind(value: torch.Tensor, record: Record) -> tuple[bool, bool]:
    """Return whether a value varies, and whether it is an input or a parameter itself."""
    place = record.place_of(value)
    if isinstance(place, int):
        return not record.nodes[place].is_constant, False
    return place is not None, place is not None


def _read(statement: ast.stmt) -> frozenset[str]:
    value = getattr(statement, "value", None)
    if value is None:
        return frozenset()
    found = set()
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "p":
                found.add(f"p.{node.attr}")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
    return frozenset(found - {"p", "o"})


@lru_cache(maxsize=64)
def _watched(mechanism: Mechanism) -> tuple[list[DefinedLine], Callable[..., Any]]:
    """Return the definition with every value that it assigns or returns passed through ``keep``."""
    definition = Definition(mechanism)
    lines: list[DefinedLine] = []
    sites: dict[ast.stmt, dict[int, ast.AST]] = {}
    for statement in definition.statements():
        if not isinstance(statement, _VALUED) or statement.value is None:
            continue
        call = ast.Call(_KEEPING, [ast.Constant(len(lines)), statement.value], [])
        sites[statement] = {id(statement.value): call}
        names = assigned(statement)
        if isinstance(statement, ast.AnnAssign):
            names = [ast.unparse(statement.target)]
        number = definition.first_line + statement.lineno - 1
        text = ast.unparse(statement)
        lines.append(DefinedLine(number, text, tuple(names) or (RETURN,), _read(statement)))
    return lines, definition.compile(definition.replaced(sites))
