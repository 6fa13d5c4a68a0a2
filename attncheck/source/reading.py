"""Facts of a class's source: where ``forward`` is, where attributes are made, what is hard-coded.

Reading alone never makes a violation; it only places one.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.files import file_of, is_library
from attncheck.source.places import at_statement
from attncheck.source.statements import Statement, last_name, statements_of, tree_of
from attncheck.subject.subject import Subject


@dataclass(frozen=True)
class Written:
    """The source of one class or function.

    Attributes:
        path: its file.
        node: its syntax tree.
    """

    path: str
    node: ast.AST

    @property
    def statements(self) -> list[Statement]:
        """Every statement inside, in order."""
        return statements_of(self.node, self.path)

    def method(self, name: str) -> ast.FunctionDef | None:
        """Return a method of the class."""
        for node in getattr(self.node, "body", []):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        return None


@lru_cache(maxsize=256)
def written(thing: Any) -> Written | None:
    """Return the source of a class or function; None for a library's, or where there is none."""
    path = file_of(thing)
    tree = tree_of(path) if path and not is_library(path) else None
    if tree is None:
        return None
    names = [n for n in thing.__qualname__.split(".") if n != "<locals>"]
    wanted = names[-1]
    kinds = (ast.ClassDef, ast.FunctionDef)
    nodes = [n for n in ast.walk(tree) if isinstance(n, kinds) and n.name == wanted]
    if len(nodes) > 1:
        try:
            line = inspect.getsourcelines(thing)[1]
            nodes.sort(key=lambda n: abs(n.lineno - line))
        except (OSError, TypeError):
            pass
    return Written(path, nodes[0]) if nodes else None


def sources_of(owner: type) -> Iterator[Written]:
    """Yield the source of a class and of those that it inherits from, without libraries."""
    for base in owner.__mro__:
        if base is not object and (found := written(base)) is not None:
            yield found


def made_at(owner: type, attribute: str, note: str = "") -> Location | None:
    """Return the line on which ``self.attribute`` is first assigned or registered."""
    return next(iter(all_made_at(owner, attribute, note)), None)


def all_made_at(owner: type, attribute: str, note: str = "") -> list[Location]:
    """Return every line on which ``self.attribute`` is assigned or registered, in order."""
    for source in sources_of(owner):
        found = [
            at_statement(source.path, s, note)
            for s in source.statements
            if attribute in _assigned(s) and s.line > getattr(source.node, "lineno", 0)
        ]
        if found:
            return found
    return []


def touched_at(owner: type, attribute: str) -> list[Statement]:
    """Return the statements that mention ``self.attribute`` at all."""
    return [
        s
        for source in sources_of(owner)
        for s in source.statements
        if any(_is_self(n, attribute) for n in s.parts)
    ]


def _assigned(statement: Statement) -> set[str]:
    """Return the attributes of ``self`` that a statement makes."""
    names: set[str] = set()
    for node in statement.parts:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _of_self(node):
            names.add(node.attr)
        if isinstance(node, ast.Call) and last_name(node.func) in (
            "register_buffer",
            "register_parameter",
            "add_module",
            "register_module",
            "setattr",
        ):
            names |= {
                a.value
                for a in node.args[:2]
                if isinstance(a, ast.Constant) and isinstance(a.value, str)
            }
    if isinstance(statement.node, (ast.Assign, ast.AnnAssign)) and not statement.inside[1:]:
        # A class attribute serves as an instance's.
        names |= statement.writes if _in_class_body(statement) else set()
    return names


def _in_class_body(statement: Statement) -> bool:
    return bool(statement.inside) and isinstance(statement.inside[-1], ast.ClassDef)


def _of_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _is_self(node: ast.AST, attribute: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == attribute and _of_self(node)


def made_by(module: torch.nn.Module, dotted: str, note: str = "") -> Location | None:
    """Return the line that makes a parameter, buffer or submodule of this dotted name.

    The innermost module on the way whose class has source of its own decides:
    ``channel.fc.0.weight`` is the line with ``self.fc = …`` in the class of ``channel``.
    """
    best: Location | None = None
    current: Any = module
    for part in dotted.split("."):
        if isinstance(current, torch.nn.Module) and (found := made_at(type(current), part, note)):
            best = found
        current = _child(current, part)
        if current is None:
            break
    return best


def _child(current: Any, part: str) -> Any:
    if isinstance(current, (list, tuple)) and part.isdigit() and int(part) < len(current):
        return current[int(part)]
    if isinstance(current, dict):
        return current.get(part)
    return getattr(current, part, None)


def source_of(subject: Subject) -> Any:
    """Return what holds the subject's source: its class, its definition, or its factory."""
    factory: Any = subject.written
    function = getattr(factory, "function", None)
    return function if callable(function) else factory


def docstrings(subject: Subject) -> str:
    """Return what the subject's class, those it inherits from and their ``forward`` say."""
    made = subject.written
    kinds = made.__mro__ if isinstance(made, type) else (made,)
    found = [doc for kind in kinds if _is_own(kind) for doc in (kind.__doc__, _own_doc(kind))]
    return "\n\n".join(inspect.cleandoc(doc) for doc in found if doc)


def _is_own(kind: Any) -> bool:
    place = getattr(kind, "__module__", "") or ""
    return place.partition(".")[0] not in ("builtins", "torch")


def _own_doc(kind: Any) -> str | None:
    return getattr(getattr(kind, "__dict__", {}).get("forward"), "__doc__", None)


def forward_location(subject: Subject) -> Location | None:
    """Return the line of ``def forward``, or of the definition; None without source."""
    found = source_of(subject)
    method = getattr(found, "forward", found)
    try:
        path = inspect.getsourcefile(method)
        _, line = inspect.getsourcelines(method)
    except (OSError, TypeError):
        return None
    return Location(path, line) if path else None
