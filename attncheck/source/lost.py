"""Where an argument of ``forward`` is lost: never read, dropped, overwritten, or in a dead branch.

Reading alone never makes a violation: this is asked of an argument that was seen to change nothing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace
from typing import Any

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.places import at_statement
from attncheck.source.reading import Written, sources_of, written
from attncheck.source.statements import Statement, last_name

Lines = Set[tuple[str, int]]
_DEPTH = 6


@dataclass(frozen=True)
class Loss:
    """How an argument is lost.

    Attributes:
        sentence: what happens to it.
        location: the line.
        sure: whether nothing that a caller could give would bring it back.
    """

    sentence: str
    location: Location | None = None
    sure: bool = True


def lost(module: torch.nn.Module, parameter: str, lines: Lines) -> Loss | None:
    """Return where a parameter of ``forward`` is lost; None where reading does not tell.

    Args:
        module: the module that takes it.
        parameter: its name.
        lines: file and first line of every statement that a call with it runs.
    """
    source = written(type(module).forward)
    if source is None:
        return None
    return _Walk(module, source, lines).follow(parameter)


@dataclass
class _Walk:
    """One function through which the argument goes."""

    module: Any
    source: Written
    lines: Lines
    depth: int = 0
    tracked: set[str] = field(default_factory=set)
    entered: list[Loss] = field(default_factory=list)
    skipped: Loss | None = None
    last: Statement | None = None
    flows: bool = False
    unsure: bool = False

    def follow(self, name: str) -> Loss | None:
        """Follow a parameter of this function, and what is made of it."""
        found = self._followed(name)
        return replace(found, sure=False) if found is not None and self.unsure else found

    def _followed(self, name: str) -> Loss | None:
        self.tracked = {name}
        for statement in self.source.statements:
            if (self.source.path, statement.line) not in self.lines:
                self._not_run(statement, name)
                continue
            if found := self._step(statement, name):
                return found
        if self.entered:
            return self.entered[-1]
        if self.flows:
            return None
        return self.skipped or self._unread(name)

    def _step(self, statement: Statement, name: str) -> Loss | None:
        read = self.tracked & statement.reads
        if not read:
            if name in statement.writes and not self.flows and self.tracked == {name}:
                note = "what the caller gives is lost here"
                said = f"`{name}` is given another value at line {statement.line} before it is read"
                return Loss(said, at_statement(self.source.path, statement, note))
            return None
        if _asks_for_none(statement, read):
            return None
        self.last = statement
        self.unsure = self.unsure or any(
            isinstance(n, ast.IfExp) and not _names(n.test) <= read | {"self"}
            for n in statement.parts
        )
        if dropped := _dropped(statement):
            note = f"`{name}` has no effect: the result is dropped"
            return Loss(dropped, at_statement(self.source.path, statement, note))
        calls = list(_calls_with(statement, read))
        inner = [found for call in calls if (found := self._enter(call, read))]
        if calls and len(inner) == len(calls) and all(one.loss for one in inner):
            self.entered += [one.loss for one in inner if one.loss]
            return None
        if isinstance(statement.node, (ast.Assign, ast.AnnAssign)) and not self._result(statement):
            self.tracked |= statement.writes
            return None
        self.flows = True
        return None

    def _result(self, statement: Statement) -> bool:
        """Say whether a statement binds what is more than the mask: it reads others' values."""
        others = statement.reads - self.tracked
        return any(name not in _MODULES and name != "self" for name in others) and bool(
            statement.writes & others
        )

    def _enter(self, call: ast.Call, read: set[str]) -> _Entered | None:
        if self.depth >= _DEPTH:
            return None
        target = self._callee(call.func)
        source = written(target[1]) if target else None
        if target is None or source is None or not isinstance(source.node, ast.FunctionDef):
            return None
        name = _received(call, source.node, read, bound=target[2])
        if not name:
            return None
        walk = _Walk(target[0], source, self.lines, self.depth + 1)
        return _Entered(walk.follow(name))

    def _callee(self, func: ast.expr) -> tuple[Any, Any, bool] | None:
        """Return the module, the function and whether ``self`` comes first, of what is called."""
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            if func.value.id == "self":
                own = getattr(self.module, func.attr, None)
                if isinstance(own, torch.nn.Module):
                    return own, type(own).forward, True
                plain = getattr(type(self.module), func.attr, None)
                static = isinstance(vars(type(self.module)).get(func.attr), staticmethod)
                return (self.module, plain, not static) if plain is not None else None
            return None
        if isinstance(func, ast.Name):
            found = vars(sys.modules.get(type(self.module).__module__, ast)).get(func.id)
            return (self.module, found, False) if callable(found) else None
        return None

    def _not_run(self, statement: Statement, name: str) -> None:
        """Note the branch that would read it and does not run."""
        if not self.tracked & statement.reads or self.skipped:
            return
        guards = [n for n in statement.inside if isinstance(n, ast.If)]
        ran = [g for g in guards if (self.source.path, g.lineno) in self.lines]
        if not ran:
            return
        guard = ran[-1]
        own = {name} | self.tracked
        asked = {n.id for n in ast.walk(guard.test) if isinstance(n, ast.Name)} - own - {"self"}
        if not asked and not _attributes(guard.test):
            # `if mask is None`: the other branch matters; `is not None`: it has not come so far.
            self.unsure = self.unsure or "is not None" in ast.unparse(guard.test)
            return
        test = ast.unparse(guard.test)
        sure = not asked and not any(self._is_configured(a) for a in _attributes(guard.test))
        self.skipped = Loss(
            f"what reads it at line {statement.line} does not run: `{test}` is false",
            Location(self.source.path, guard.lineno, note=f"the branch that reads `{name}`"),
            sure,
        )

    def _is_configured(self, attribute: str) -> bool:
        """Say whether the constructor may give an attribute another value."""
        for source in sources_of(type(self.module)):
            init = source.method("__init__")
            given = {a.arg for a in _arguments(init)} - {"self"} if init else set()
            for s in source.statements:
                assigns = any(
                    isinstance(n, ast.Attribute)
                    and n.attr == attribute
                    and isinstance(n.ctx, ast.Store)
                    for n in s.parts
                )
                if assigns and (s.reads & given or not init):
                    return True
        return False

    def _unread(self, name: str) -> Loss:
        node = self.source.node
        if self.last is not None:
            place = at_statement(self.source.path, self.last, f"nothing reads `{name}` after this")
            return Loss(f"it is never read after line {self.last.end_line}", place)
        line = getattr(node, "lineno", 1)
        where = getattr(node, "name", "forward")
        place = Location(self.source.path, line, note=f"`{name}` is taken here and never read")
        return Loss(f"`{where}` never reads `{name}` (line {line})", place)


@dataclass(frozen=True)
class _Entered:
    loss: Loss | None


_MODULES = ("torch", "F", "nn", "math", "np", "einops", "functional", "len", "float", "int", "bool")


def _asks_for_none(statement: Statement, read: set[str]) -> bool:
    """Say whether a branch's head only asks whether the argument was given, or of which type."""
    node = statement.node
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, (ast.If, ast.While)):
        return False
    return not any(
        isinstance(n, ast.Call) and n.args and last_name(n.func) not in _ASKS and _names(n) & read
        for n in ast.walk(node.test)
    )


_ASKS = ("isinstance", "is_tensor", "is_floating_point", "hasattr", "exists", "len")


def _dropped(statement: Statement) -> str:
    """Return in words what a statement computes and does not keep, "" where it keeps it."""
    node = statement.node
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return ""
    func = node.value.func
    if not isinstance(func, ast.Attribute):
        return ""
    text = ast.unparse(node.value)
    text = text if len(text) <= 80 else f"{text[:77]}…"
    receiver = func.value
    if func.attr.endswith("_"):
        copies = isinstance(receiver, ast.Call) and last_name(receiver.func) in _COPIES
        return f"`{text}` changes a copy that is dropped" if copies else ""
    if isinstance(receiver, ast.Name) and receiver.id in ("self", "logger", "logging", "warnings"):
        return ""
    if func.attr not in _PURE:
        return ""
    return f"`{text}` is dropped: {func.attr} returns a new tensor"


_COPIES = ("clone", "float", "double", "half", "to", "type_as", "repeat", "softmax", "contiguous")
_PURE = frozenset(
    {
        *("masked_fill", "where", "add", "sub", "mul", "masked_scatter", "logical_and", "minimum"),
        *("logical_or", "logical_not", "unsqueeze", "expand", "repeat", "to", "bool", "float"),
        *("type", "transpose", "permute", "view", "reshape", "index_fill", "scatter", "clamp"),
    }
)


def _calls_with(statement: Statement, read: set[str]) -> Iterator[ast.Call]:
    """Yield the calls that are given the argument as it is."""
    for node in statement.parts:
        if isinstance(node, ast.Call):
            given = [*node.args, *(k.value for k in node.keywords)]
            if any(isinstance(g, ast.Name) and g.id in read for g in given):
                yield node


def _received(call: ast.Call, function: ast.FunctionDef, read: set[str], *, bound: bool) -> str:
    """Return the name under which a function receives the argument, "" where it is not seen."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)][bound:]
    for index, given in enumerate(call.args):
        if isinstance(given, ast.Starred):
            return ""
        if isinstance(given, ast.Name) and given.id in read:
            return names[index] if index < len(names) else ""
    for keyword in call.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Name) and keyword.value.id in read:
            known = {a.arg for a in _arguments(function)}
            return keyword.arg if keyword.arg in known else ""
    return ""


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _attributes(node: ast.AST) -> list[str]:
    """Return the attributes of ``self`` that a condition asks for."""
    return [
        n.attr
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self"
    ]
