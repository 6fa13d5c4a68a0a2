"""A reference's source as a tree that can be edited and compiled again."""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attncheck.lazy import torch

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


@dataclass(frozen=True)
class Site:
    """One expression of a definition, and what is named where it stands.

    Attributes:
        statement: the assignment or return that holds it.
        node: the expression.
        names: the names of tensors and numbers assigned above, inputs first.
        inputs: the names of the definition's inputs.
    """

    statement: ast.stmt
    node: ast.expr
    names: tuple[str, ...]
    inputs: tuple[str, ...]


class Definition:
    """The body of a mechanism's function.

    Attributes:
        tree: its ``def``, without decorators and docstring.
        first_line: the line of ``tree``'s first line in its file.
    """

    def __init__(self, mechanism: Mechanism) -> None:
        if mechanism.tree is not None:
            self.tree, self.first_line = copy.deepcopy(mechanism.tree), 1
        else:
            self.tree, self.first_line = _written(mechanism.function)
        self.path = inspect.getsourcefile(mechanism.function) or ""
        self._globals = {**mechanism.function.__globals__, "torch": torch}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, after the slots and the options."""
        arguments = self.tree.args
        return tuple(a.arg for a in [*arguments.args[2:], *arguments.kwonlyargs])

    def statements(self) -> Iterator[ast.stmt]:
        """Yield every simple statement in the order of the source, those of branches too."""
        yield from _simple(self.tree.body)

    def sites(self) -> Iterator[Site]:
        """Yield every expression, with the names that are known where it stands."""
        known = list(self.inputs)
        for statement in self.statements():
            value = getattr(statement, "value", None)
            if isinstance(value, ast.expr):
                for node in ast.walk(value):
                    if isinstance(node, ast.expr):
                        yield Site(statement, node, tuple(known), self.inputs)
            for name in assigned(statement):
                if name not in known:
                    known.append(name)

    def replaced(self, sites: Mapping[ast.stmt, Mapping[int, ast.AST]]) -> ast.FunctionDef:
        """Return the tree with nodes replaced; what does not change is shared.

        Args:
            sites: statement -> id of a node in it -> what stands in its place.
        """
        edited = {
            id(statement): ast.fix_missing_locations(rebuilt(statement, changes))
            for statement, changes in sites.items()
        }
        made = copy.copy(self.tree)
        made.body = _with_statements(self.tree.body, edited)
        return made

    def compile(self, tree: ast.FunctionDef) -> Callable[..., Any]:
        """Return the edited function, ready to be called."""
        module = ast.Module([tree], type_ignores=[])
        scope = dict(self._globals)
        exec(compile(module, "<mutant>", "exec"), scope)
        made: Callable[..., Any] = scope[tree.name]
        return made


def _written(function: Callable[..., Any]) -> tuple[ast.FunctionDef, int]:
    """Return a function's tree, without decorators and docstring, and its line in its file."""
    lines, start = inspect.getsourcelines(function)
    parsed = ast.parse(textwrap.dedent("".join(lines))).body[0]
    assert isinstance(parsed, ast.FunctionDef)
    parsed.decorator_list = []
    parsed.returns = None
    if isinstance(parsed.body[0], ast.Expr) and isinstance(parsed.body[0].value, ast.Constant):
        parsed.body = parsed.body[1:]
    for argument in [*parsed.args.args, *parsed.args.kwonlyargs]:
        argument.annotation = None
    return parsed, start


def rebuilt(node: Any, changes: Mapping[int, ast.AST]) -> Any:
    """Return the node with those whose ids are given replaced; unchanged subtrees are shared."""
    if isinstance(node, list):
        made = [rebuilt(item, changes) for item in node]
        return made if any(a is not b for a, b in zip(made, node, strict=True)) else node
    if not isinstance(node, ast.AST):
        return node
    if id(node) in changes:
        return changes[id(node)]
    fields = {name: rebuilt(value, changes) for name, value in ast.iter_fields(node)}
    if all(fields[name] is value for name, value in ast.iter_fields(node)):
        return node
    return ast.copy_location(type(node)(**fields), node)


def assigned(statement: ast.stmt) -> list[str]:
    """Return the names that a statement assigns."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]


def _with_statements(body: list[ast.stmt], edited: Mapping[int, ast.stmt]) -> list[ast.stmt]:
    """Return the body with some statements replaced, those of branches and loops too."""
    made: list[ast.stmt] = []
    for statement in body:
        if inner := [name for name in ("body", "orelse") if getattr(statement, name, None)]:
            statement = copy.copy(statement)
            for name in inner:
                setattr(statement, name, _with_statements(getattr(statement, name), edited))
        made.append(edited.get(id(statement), statement))
    return made


def _simple(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        inner = [getattr(statement, name, []) for name in ("body", "orelse")]
        if any(inner):
            for block in inner:
                yield from _simple(block)
        else:
            yield statement
