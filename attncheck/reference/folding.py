"""Definitions as trees: stages pasted into one body, and what fixed options leave of it.

A mechanism that combines others is written once, with options, in stages. Its corners are
mechanisms of their own: their trees hold the lines that their options reach, as the file counts.
"""

from __future__ import annotations

import ast
import copy
import inspect
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Domains = Mapping[str, Collection[Any]]
"""Option -> the values that it may have; an option that is not named may have any."""
Tests = list[tuple[ast.expr, bool]]
"""What must be asked, and answered so, for a line to be reached."""
GIVEN = ("p", "o")
"""What every stage is handed first: slots, and dims and options."""


def expanded(function: Callable[..., Any]) -> ast.FunctionDef:
    """Return a function's tree with the stages that it calls pasted in, lines as in its file.

    A stage is a function of the same file that is called as a statement of its own,
    ``a, b = stage(p, o, x, y)``, with names alone; it ends in the return of names. Its parameters
    and results take the caller's names, its other names stay as they are.

    Raises:
        ValueError: a name of a stage is already one of the caller's.
    """
    tree = _parsed(function)
    known = {argument.arg for argument in tree.args.args}
    tree.body = list(_pasted(tree.body, function, known))
    return tree


def _parsed(function: Callable[..., Any]) -> ast.FunctionDef:
    lines, start = inspect.getsourcelines(function)
    tree = ast.parse("".join(lines)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    ast.increment_lineno(tree, start - 1)
    tree.decorator_list, tree.returns = [], None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    for argument in tree.args.args:
        argument.annotation = None
    return tree


def _pasted(
    body: list[ast.stmt], function: Callable[..., Any], known: set[str]
) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If):
            statement.body = list(_pasted(statement.body, function, known))
            statement.orelse = list(_pasted(statement.orelse, function, known))
            yield statement
        elif (stage := _stage(statement, function)) is not None:
            yield from _of_stage(statement, stage, known)
        else:
            yield statement
            known |= _bound([statement])


def _stage(statement: ast.stmt, function: Callable[..., Any]) -> types.FunctionType | None:
    """Return the stage that a statement calls, None where it calls none."""
    call = getattr(statement, "value", None)
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        return None
    found = function.__globals__.get(call.func.id)  # type: ignore[attr-defined]
    same_file = getattr(found, "__module__", None) == function.__module__
    return found if same_file and isinstance(found, types.FunctionType) else None


def _of_stage(
    statement: ast.stmt, stage: types.FunctionType, known: set[str]
) -> Iterator[ast.stmt]:
    tree = expanded(stage)
    *body, last = tree.body
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Call)
    assert isinstance(last, ast.Return)
    assert last.value is not None
    names = {a.arg: _name(b) for a, b in zip(tree.args.args, statement.value.args, strict=True)}
    results = zip(_names(last.value), _names(statement.targets[0]), strict=True)
    own = _bound(body)
    names |= {mine: theirs for mine, theirs in results if mine in own}
    clash = {names.get(name, name) for name in own - set(names)} & known
    if clash:
        raise ValueError(f"{stage.__name__}: {', '.join(sorted(clash))} named twice")
    for line in body:
        yield _renamed(line, names)
    known |= {names.get(name, name) for name in own}


def _name(node: ast.expr) -> str:
    assert isinstance(node, ast.Name)
    return node.id


def _names(node: ast.expr) -> list[str]:
    return [_name(n) for n in (node.elts if isinstance(node, ast.Tuple) else [node])]


def _bound(body: list[ast.stmt]) -> set[str]:
    nodes = (node for statement in body for node in ast.walk(statement))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


class _Rename(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id not in self._names:
            return node
        return ast.copy_location(ast.Name(self._names[node.id], node.ctx), node)


def _renamed(statement: ast.stmt, names: Mapping[str, str]) -> ast.stmt:
    made = _Rename(names).visit(statement)
    assert isinstance(made, ast.stmt)
    return made


def folded(
    tree: ast.FunctionDef, domains: Domains, absent: Collection[str] = ()
) -> ast.FunctionDef:
    """Return the tree with every choice taken that the options leave no choice in.

    Args:
        tree: a definition, expanded; it stays as it is.
        domains: what options may be; one of a single value is written in its place.
        absent: inputs that are never given.
    """
    made = copy.deepcopy(tree)
    made.args.args = [a for a in made.args.args if a.arg not in absent]
    kept = len(made.args.args) - len(GIVEN)
    made.args.defaults = made.args.defaults[: max(0, kept - 1)]
    fold = _Fold(domains, frozenset(absent))
    made.body = list(_without_aliases(fold.lines(made.body)))
    return ast.fix_missing_locations(made)


class _Fold(ast.NodeTransformer):
    def __init__(self, domains: Domains, absent: frozenset[str]) -> None:
        self._domains, self._absent = domains, absent

    def lines(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            if isinstance(statement, ast.If):
                truth = truth_of(statement.test, self._domains, self._absent)
                if truth is not None:
                    found += self.lines(statement.body if truth else statement.orelse)
                    continue
                statement.body = self.lines(statement.body)
                statement.orelse = self.lines(statement.orelse)
                statement.test = self.visit(statement.test)
                found.append(statement)
            else:
                found.append(self.visit(statement))
        return found

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        truth = truth_of(node.test, self._domains, self._absent)
        if truth is None:
            return self.generic_visit(node)
        made: ast.AST = self.visit(node.body if truth else node.orelse)
        return made

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """Leave out what a test need not ask; as a whole it is undecided."""
        open_ = [v for v in node.values if truth_of(v, self._domains, self._absent) is None]
        if len(open_) == 1:
            made: ast.AST = self.visit(open_[0])
            return made
        node.values = open_
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Constant(None), node) if node.id in self._absent else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        values = self._domains.get(node.attr, ()) if _is_option(node) else ()
        if len(values) == 1:
            return ast.copy_location(ast.Constant(next(iter(values))), node)
        return node


def truth_of(test: ast.expr, domains: Domains, absent: Collection[str] = ()) -> bool | None:
    """Return what a test says whatever the options are, None where that depends on them."""
    match test:
        case ast.BoolOp(op=op, values=values):
            truths = [truth_of(value, domains, absent) for value in values]
            stop = isinstance(op, ast.Or)
            if stop in truths:
                return stop
            return None if None in truths else not stop
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            truth = truth_of(operand, domains, absent)
            return None if truth is None else not truth
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Is()]):
            return True if name in absent else None
    option = next(
        (n for n in ast.walk(test) if isinstance(n, ast.Attribute) and _is_option(n)), None
    )
    if option is None or option.attr not in domains:
        return None
    code = compile(ast.fix_missing_locations(ast.Expression(test)), "<test>", "eval")
    told = {
        bool(eval(code, {"o": types.SimpleNamespace(**{option.attr: value})}))
        for value in domains[option.attr]
    }
    return told.pop() if len(told) == 1 else None


def _is_option(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "o"


def _without_aliases(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Leave out ``a = b`` on the way through: what reads a reads b."""
    names: dict[str, str] = {}
    for statement in body:
        made = _renamed(statement, names) if names else statement
        match made:
            case ast.Assign(targets=[ast.Name(id=a)], value=ast.Name(id=b)):
                names[a] = b
            case _:
                yield made


def options_read(tree: ast.FunctionDef) -> list[tuple[str, Tests]]:
    """Return every place where an option is read: its name, and the tests that lead there."""
    return [found for statement in tree.body for found in _read(statement, [])]


def _read(node: ast.AST, tests: Tests) -> Iterator[tuple[str, Tests]]:
    if isinstance(node, ast.Attribute) and _is_option(node):
        yield node.attr, tests
    elif isinstance(node, ast.If | ast.IfExp):
        yield from _read(node.test, tests)
        yes, no = ([n] if isinstance(n, ast.expr) else n for n in (node.body, node.orelse))
        for part in yes:
            yield from _read(part, [*tests, (node.test, True)])
        for part in no:
            yield from _read(part, [*tests, (node.test, False)])
    else:
        for child in ast.iter_child_nodes(node):
            yield from _read(child, tests)
