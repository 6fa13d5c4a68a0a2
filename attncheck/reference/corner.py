"""A mechanism with many options, and its corners: mechanisms with some of them fixed."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from attncheck.reference.folding import Domains, Tests, expanded, folded, options_read, truth_of
from attncheck.reference.mechanism import Mechanism
from attncheck.reference.slots import Slot


class Composed(Mechanism):
    """A mechanism with options that its tree tells: which of them count, and what is left of it.

    Attributes:
        options: the names of its options, other than its dims.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        slots: Mapping[str, Slot],
        defaults: Mapping[str, Any],
        tree: ast.FunctionDef,
        options: Collection[str],
    ) -> None:
        super().__init__(function, slots, defaults, {}, tree)
        self.options = frozenset(options) & self.defaults.keys()
        self._tests: dict[str, types.CodeType] = {}
        self._places = [(name, self._asked(tests)) for name, tests in options_read(tree)]
        self._in_slots = _names_of_slots(self.slots)
        self._under: dict[Any, Mechanism] = {}

    def counting(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Return the options that may make a difference beside these values of others."""
        said = self._said(values)
        read = {
            name
            for name, tests in self._places
            if all(said.get(test, wanted) is wanted for test, wanted in tests)
        }
        return frozenset(read | self._in_slots)

    def _asked(self, tests: Tests) -> list[tuple[str, bool]]:
        """Return the tests that ask for options alone, and what each must say."""
        asked = []
        for test, wanted in tests:
            if {n.id for n in ast.walk(test) if isinstance(n, ast.Name)} == {"o"}:
                text = ast.unparse(test)
                self._tests.setdefault(text, compile(text, "<test>", "eval"))
                asked.append((text, wanted))
        return asked

    def _said(self, values: Mapping[str, Any]) -> dict[str, bool]:
        """Return what each test says; nothing of those that ask for other options."""
        o = {"o": SimpleNamespace(**values)}
        said: dict[str, bool] = {}
        for text, code in self._tests.items():
            with suppress(AttributeError):
                said[text] = bool(eval(code, o))
        return said

    def under(self, values: Mapping[str, Any]) -> Mechanism:
        """Return what is left of it when all its options have these values, biases apart."""
        biases = {slot.bias for slot in self.slots.values()}
        fixed = {n: values[n] for n in self.options if n in values and n not in biases}
        key = tuple(sorted((n, repr(v)) for n, v in fixed.items()))
        if key not in self._under:
            name = f"{self.__module__}:{self.__qualname__}"
            self._under[key] = corner(self, name, self.__doc__ or "", **fixed)
        return self._under[key]


def composed(
    *, dims: Mapping[str, Any], options: Mapping[str, Any], **slots: Slot
) -> Callable[[Callable[..., Any]], Composed]:
    """Declare the decorated function as a definition that calls stages of its file.

    The arguments are those of :func:`~attncheck.reference.mechanism.mechanism`.
    """

    def declare(function: Callable[..., Any]) -> Composed:
        return Composed(function, slots, {**dims, **options}, expanded(function), options)

    return declare


def corner(
    whole: Composed,
    name: str,
    about: str,
    absent: Collection[str] = (),
    needed: Collection[str] = (),
    **options: Any,
) -> Composed:
    """Return the mechanism that is left of a definition when some of its options are fixed.

    Args:
        whole: the definition.
        name: ``package.module:name`` of the corner, its place.
        about: what it is, its docstring.
        absent: inputs that it does not take.
        needed: numbers that are off by default, and that make this corner: never 0.
        options: option -> its one value, or a tuple of those that it may have, the default first.
    """
    assert whole.tree is not None
    module, _, own = name.rpartition(":")
    domains = {n: v if isinstance(v, tuple) else (v,) for n, v in options.items()}
    fixed = {n: next(iter(v)) for n, v in domains.items() if len(v) == 1}
    tree = folded(whole.tree, {**domains, **dict.fromkeys(needed, (1, 2))}, absent)
    tree.name = own
    slots = {n: made for n, s in whole.slots.items() if (made := _within(s, domains, fixed))}
    left = _names(tree, slots)
    firsts = {n: v[0] for n, v in domains.items()}
    defaults = {n: firsts.get(n, v) for n, v in whole.defaults.items() if n in left - set(fixed)}
    defaults |= dict.fromkeys(needed)
    function = _compiled(tree, whole, module, about)
    return Composed(function, slots, defaults, tree, whole.options)


def _within(slot: Slot, domains: Domains, fixed: Mapping[str, Any]) -> Slot | None:
    """Return a slot as it is under these options, None where it never exists."""
    option, sign, value = re.match(r"(\w*)(?: (==|!=|in) (.*))?", slot.when).groups()  # type: ignore[union-attr]
    if option in domains:
        wanted = value.split(", ") if sign == "in" else value
        test = f"o.{option}" + (f" {sign} {wanted!r}" if sign else "")
        truth = truth_of(ast.parse(test, mode="eval").body, domains)
        if truth is False:
            return None
        slot = replace(slot, when="" if truth else slot.when)
    numbers = {n: str(v) for n, v in fixed.items() if type(v) is int}
    sizes = tuple(_filled(size, numbers) for size in slot.sizes)
    bias = fixed.get(slot.bias, slot.bias) if isinstance(slot.bias, str) else slot.bias
    return replace(slot, sizes=sizes, bias=bias)


def _filled(text: str, numbers: Mapping[str, str]) -> str:
    return re.sub(r"\w+", lambda found: numbers.get(found[0], found[0]), text)


def _names(tree: ast.FunctionDef, slots: Mapping[str, Slot]) -> set[str]:
    """Return the dims and options on which a corner depends."""
    read = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return read | _names_of_slots(slots)


def _names_of_slots(slots: Mapping[str, Slot]) -> set[str]:
    texts = [
        text
        for slot in slots.values()
        for text in (*slot.sizes, str(slot.bias), slot.when, *(str(v) for _, v in slot.settings))
    ]
    return {word for text in texts for word in re.findall(r"\w+", text)}


def _compiled(
    tree: ast.FunctionDef, whole: Mechanism, module: str, about: str
) -> Callable[..., Any]:
    """Return the corner's function, whose lines are those of the definition's file."""
    path = whole.function.__code__.co_filename  # type: ignore[attr-defined]
    scope = dict(whole.function.__globals__)  # type: ignore[attr-defined]
    exec(compile(ast.Module([tree], type_ignores=[]), path, "exec"), scope)
    function: Callable[..., Any] = scope[tree.name]
    function.__module__, function.__qualname__, function.__doc__ = module, tree.name, about
    return function
