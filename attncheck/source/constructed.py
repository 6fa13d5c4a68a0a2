"""The call in the source that made a layer, and how it reads with another width.

A layer is often made deep inside of others' constructors, which only pass a width on: the call
that counts is the one in which the width is written.
"""

from __future__ import annotations

import ast
import inspect
import itertools
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import NamedTuple

from attncheck.source.raised import is_of_torch, is_ours
from attncheck.source.statements import function_around, last_name, tree_of

_MOST_SITES = 12
_COMPREHENSIONS = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>")


class CallSite(NamedTuple):
    """A call that was running: the code that holds it, the instruction, the line."""

    code: CodeType
    instruction: int
    line: int


@dataclass(frozen=True)
class ConstructorCall:
    """A call in the source.

    Attributes:
        line: ``path:line``.
        text: as it stands there.
        fits: with the width that fits; "" where that cannot be said.
    """

    line: str
    text: str = ""
    fits: str = ""


def sites_of(frame: FrameType | None) -> tuple[CallSite, ...]:
    """Return the calls under way, innermost first, those of torch and of attncheck left out."""
    found: list[CallSite] = []
    while frame is not None and len(found) < _MOST_SITES:
        path = frame.f_code.co_filename
        if is_ours(path):
            break
        if not is_of_torch(path) and not path.startswith("<frozen"):
            found.append(CallSite(frame.f_code, frame.f_lasti, frame.f_lineno))
        frame = frame.f_back
    return tuple(found)


def written_with(
    sites: tuple[CallSite, ...], kind: type, name: str, value: int
) -> ConstructorCall | None:
    """Return the call that gives a layer its width, and as it would fit.

    Args:
        sites: the calls under way when the layer was made.
        kind: the layer's class, torch's own.
        name: the parameter of its constructor.
        value: the width that would fit.
    """
    parameters, called = list(inspect.signature(kind).parameters), kind.__name__
    best, at = None, 0
    while at < len(sites):
        call = _call_at(sites[at], called)
        if call is None:
            break
        argument = _argument(call, parameters, name)
        best = _written(sites[at], call, argument, name, value)
        inside = at
        while inside < len(sites) and sites[inside].code.co_name in _COMPREHENSIONS:
            inside += 1
        if not isinstance(argument, ast.Name) or inside == len(sites):
            break
        code, name = sites[inside].code, argument.id
        parameters = _parameters(code)
        if name not in parameters or _is_rebound(sites[inside], name):
            break
        called, at = code.co_name, inside + 1
    return best


def _call_at(site: CallSite, called: str) -> ast.Call | None:
    """Return the call that was running, None where it cannot be told from others."""
    tree = tree_of(site.code.co_filename)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    where = _position(site)
    if where is not None:
        return next((one for one in calls if _place_of(one) == where), None)
    there = [one for one in calls if one.lineno <= site.line <= (one.end_lineno or 0)]
    named = [one for one in there if last_name(one.func) == called]
    return named[0] if len(named) == 1 else None


_Position = tuple[int | None, int | None, int | None, int | None]


def _position(site: CallSite) -> _Position | None:
    """Return lines and columns of the running instruction, where Python (3.11) keeps them."""
    positions = getattr(site.code, "co_positions", None)
    if positions is None:
        return None
    return next(itertools.islice(positions(), site.instruction // 2, None), None)


def _place_of(node: ast.expr) -> _Position:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _argument(call: ast.Call, parameters: list[str], name: str) -> ast.expr | None:
    """Return what a call gives to a parameter; None where it does not, or not to be seen."""
    for word in call.keywords:
        if word.arg == name:
            return word.value
    at = parameters.index(name) if name in parameters else len(call.args)
    if at >= len(call.args) or any(isinstance(one, ast.Starred) for one in call.args[: at + 1]):
        return None
    return call.args[at]


def _written(
    site: CallSite, call: ast.Call, argument: ast.expr | None, name: str, value: int
) -> ConstructorCall:
    """Return a call as it stands, and with the value in place of its argument."""
    line = f"{site.code.co_filename}:{(argument or call).lineno}"
    text, fits = ast.unparse(call), ""
    if argument is not None:
        changed = ast.Constant(value)
        args = [changed if one is argument else one for one in call.args]
        words = [
            ast.keyword(w.arg, changed if w.value is argument else w.value) for w in call.keywords
        ]
        fits = ast.unparse(ast.Call(call.func, args, words))
    elif not any(isinstance(one, ast.Starred) for one in call.args) and all(
        word.arg for word in call.keywords
    ):
        words = [*call.keywords, ast.keyword(name, ast.Constant(value))]
        fits = ast.unparse(ast.Call(call.func, call.args, words))
    return ConstructorCall(line, text, fits)


def _parameters(code: CodeType) -> list[str]:
    """Return what a function is called with, in order, without ``self``."""
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [name for at, name in enumerate(names) if at or name not in ("self", "cls")]


def _is_rebound(site: CallSite, name: str) -> bool:
    """Say whether a function gives a parameter another value."""
    function = function_around(site.code.co_filename, site.line)
    return function is not None and any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(function)
    )
