"""What a class's own source does with a constructor's parameter: indexes it, calls it, reads it.

Read, never run. What cannot be read says nothing.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_DEEPEST = 4
"""How many calls a parameter is followed through: ``super().__init__``, a part, a helper."""
_LAYERS = {
    **dict.fromkeys(("Linear", "Conv1d", "Conv2d", "Conv3d", "GRU", "LSTM", "RNN"), ("in", "out")),
    **dict.fromkeys(("LayerNorm", "RMSNorm", "MultiheadAttention"), ("same",)),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "InstanceNorm2d"), ("same",)),
    **dict.fromkeys(("GroupNorm", "Embedding"), ("", "out")),
}
"""Layers of torch's -> what their first arguments are."""
_WORDS = {
    "in_features": "in",
    "in_channels": "in",
    "out_features": "out",
    "out_channels": "out",
    "embed_dim": "same",
    "normalized_shape": "same",
    "num_features": "same",
}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Use:
    """What is done with a parameter.

    Attributes:
        parts: how many items it is indexed or unpacked into, 0 where it is no sequence.
        made: it is called where the module is built: a class, or a function that makes a layer.
        applied: it is called where the module is called: a layer.
        fields: attributes that are read off it, in the order in which they are read.
        keys: texts that it is indexed by: a dict.
        widths: what it is to layers of torch's, in their order: ``in`` or ``out`` of one, or
            ``same``, the width of what a norm or an attention keeps as wide as it came.
        inner: fields and keys that are read off a field of it, as ``config.encoder["heads"]``.
        asked: it is asked whether it is true, as a switch is.
        used: something else is done with it, too.
        cases: the values that it is compared with where the module is built.
    """

    parts: int = 0
    made: bool = False
    applied: bool = False
    fields: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    widths: tuple[str, ...] = ()
    inner: tuple[tuple[str, str], ...] = ()
    asked: bool = False
    used: bool = False
    cases: tuple[int | str, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether nothing is done with it but to ask whether it is true."""
        return self.asked and not self.used

    def beside(self, other: Use) -> Use:
        """Return both uses as one."""
        return Use(
            max(self.parts, other.parts),
            self.made or other.made,
            self.applied or other.applied,
            tuple(dict.fromkeys((*self.fields, *other.fields))),
            tuple(dict.fromkeys((*self.keys, *other.keys))),
            tuple(dict.fromkeys((*self.widths, *other.widths))),
            tuple(dict.fromkeys((*self.inner, *other.inner))),
            self.asked or other.asked,
            self.used or other.used,
            tuple(dict.fromkeys((*self.cases, *other.cases))),
        )


def use_of(factory: Any, parameter: str) -> Use:
    """Return how a class, or a function that makes a module, uses one of its parameters."""
    return _followed(factory, parameter, _DEEPEST)


@lru_cache(maxsize=512)
def _followed(factory: Any, parameter: str, deep: int) -> Use:
    found = Use()
    for owner, body in _sources(factory):
        found = found.beside(_in_source(owner, body, parameter, deep))
    return found


def _sources(factory: Any) -> Iterator[tuple[Any, list[_Function]]]:
    """Yield each class of the factory's own line, or the function, with its functions."""
    own = factory.__mro__ if isinstance(factory, type) else (factory,)
    for owner in own:
        home = str(getattr(owner, "__module__", "") or "")
        if home.partition(".")[0] in ("torch", "builtins"):
            continue
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        except (OSError, TypeError, SyntaxError, ValueError, IndexError, RecursionError):
            continue
        if isinstance(tree, ast.ClassDef):
            yield owner, [node for node in tree.body if isinstance(node, _Function)]
        elif isinstance(tree, _Function):
            yield owner, [tree]


def _in_source(owner: Any, body: list[_Function], parameter: str, deep: int) -> Use:
    """Return the use in one class or function: under its name, and as an attribute of ``self``."""
    building = [f for f in body if f.name == "__init__" or not isinstance(owner, type)]
    names: set[str] = set()
    for function in building:
        if parameter in _parameters(function):
            names.add(parameter)
    kept = {a for f in building for a in _attributes(f, names)}
    found = Use()
    for function in body:
        here = names if function in building else set()
        reader = _Reader(here, kept, owner, deep, function in building)
        reader.visit(function)
        found = found.beside(reader.found)
    return found


def _parameters(function: _Function) -> list[str]:
    given = function.args
    return [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _attributes(function: _Function, names: set[str]) -> Iterator[str]:
    """Yield the attributes of ``self`` that hold a parameter as it came."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        pairs = [(t, node.value) for t in node.targets]
        for target, value in list(pairs):
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs += zip(target.elts, value.elts, strict=False)
        for target, value in pairs:
            if isinstance(value, ast.Name) and value.id in names and _of_self(target):
                yield target.attr  # type: ignore[attr-defined]


def _of_self(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


class _Reader(ast.NodeVisitor):
    """Collects what one function does with a value, under its names and as an attribute."""

    def __init__(
        self, names: set[str], kept: set[str], owner: Any, deep: int, building: bool
    ) -> None:
        self.names, self.kept, self.owner = names, kept, owner
        self.deep, self.building = deep, building
        self.found = Use()
        self.passing: dict[int, bool] = {}
        self.methods: set[int] = set()

    def _is_it(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.names
        return isinstance(node, ast.Attribute) and _of_self(node) and node.attr in self.kept

    def _add(self, **seen: Any) -> None:
        self.found = self.found.beside(Use(**seen))

    def visit(self, node: ast.AST) -> None:
        """Visit a node; the value itself is used there, where it is not only kept or asked."""
        if self._is_it(node) and isinstance(getattr(node, "ctx", None), ast.Load):
            asked = id(node) in self.passing
            self._add(asked=self.passing.get(id(node), False), used=not asked)
        super().visit(node)

    def _pass(self, node: ast.expr, *, asked: bool) -> None:
        """Note that the value is only asked whether it is true here, or only handed on."""
        if self._is_it(node):
            self.passing[id(node)] = asked
        elif asked and isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._pass(node.operand, asked=True)
        elif asked and isinstance(node, ast.BoolOp):
            for value in node.values:
                self._pass(value, asked=True)

    def visit_If(self, node: ast.If) -> None:
        self._pass(node.test, asked=True)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._pass(node.test, asked=True)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if self.building and self._is_it(node.left) and isinstance(node.ops[0], ast.Eq | ast.In):
            other = node.comparators[0]
            known = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else [other]
            held = [one.value for one in known if isinstance(one, ast.Constant)]
            self._add(cases=tuple(one for one in held if type(one) in (int, str)))
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        holder = node.value
        if isinstance(holder, ast.Attribute) and self._is_it(holder.value):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            self._add(inner=((holder.attr, key),) if isinstance(key, str) else ())
        if self._is_it(node.value):
            index: Any = node.slice.value if isinstance(node.slice, ast.Constant) else 1
            if isinstance(index, str):
                self._add(keys=(index,))
            else:
                self._add(parts=index + 1 if isinstance(index, int) and index > 0 else 2)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        targets = node.targets[0]
        if isinstance(targets, ast.Tuple) and self._is_it(node.value):
            self._add(parts=len(targets.elts))
        if _of_self(targets):
            self._pass(node.value, asked=False)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and _of_self(node.target):
            self._pass(node.value, asked=False)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        if self._is_it(node.value):
            self._add(parts=2)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if self._is_it(node.value) and not self._is_it(node):
            self._add(fields=(node.attr,))
        holder = node.value
        if isinstance(holder, ast.Attribute) and self._is_it(holder.value):
            self._add(inner=() if id(node) in self.methods else ((holder.attr, node.attr),))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self.methods.add(id(node.func))
        if self._is_it(node.func):
            self._add(**({"made": True} if self.building else {"applied": True}))
        if isinstance(node.func, ast.Name) and node.func.id == "len":
            self._add(parts=2 if any(map(self._is_it, node.args)) else 0)
        if isinstance(node.func, ast.Attribute) and self._is_it(node.func.value):
            # A method, such as a dict's get: no field of it.
            self._add(used=True)
            for argument in (*node.args, *(k.value for k in node.keywords)):
                self.visit(argument)
            return
        if self.building:
            self._add(widths=tuple(self._widths(node)))
        if self.deep and isinstance(node.func, ast.Name | ast.Attribute):
            self._follow(node)
        self.generic_visit(node)

    def _widths(self, node: ast.Call) -> Iterator[str]:
        """Yield what the value is to a layer of torch's that is made with it."""
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        for slot, argument in zip(_LAYERS.get(name, ()), node.args, strict=False):
            if slot and self._is_it(argument):
                yield slot
        for keyword in node.keywords if name in _LAYERS else ():
            if keyword.arg in _WORDS and self._is_it(keyword.value):
                yield _WORDS[keyword.arg]

    def _follow(self, node: ast.Call) -> None:
        """See what a part or a helper does with the value that it is handed."""
        given = [at for at, argument in enumerate(node.args) if self._is_it(argument)]
        named = [k.arg for k in node.keywords if k.arg and self._is_it(k.value)]
        if not given and not named:
            return
        called = self._called(node.func)
        if called is None:
            return
        for argument in (*node.args, *(k.value for k in node.keywords)):
            self._pass(argument, asked=False)
        try:
            wanted = list(inspect.signature(called).parameters)
        except (TypeError, ValueError):
            return
        if wanted[:1] == ["self"]:
            del wanted[0]
        for parameter in [*(wanted[at] for at in given if at < len(wanted)), *named]:
            self.found = self.found.beside(_followed(called, str(parameter), self.deep - 1))

    def _called(self, function: ast.expr) -> Any:
        """Return the class or function of the same file, or of what it imports, else None."""
        found: Any = None
        if isinstance(function, ast.Name):
            found = vars(sys.modules.get(self.owner.__module__, ast)).get(function.id)
        elif isinstance(function, ast.Attribute) and _of_self(function):
            holder = self.owner if isinstance(self.owner, type) else None
            found = inspect.getattr_static(holder, function.attr, None)
            found = found.__func__ if isinstance(found, staticmethod) else found
        own = isinstance(found, type) or inspect.isfunction(found)
        home = str(getattr(found, "__module__", "") or "").partition(".")[0]
        return found if own and home not in ("torch", "builtins") else None
