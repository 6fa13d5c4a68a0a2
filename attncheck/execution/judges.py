"""Notice that a subject replaced what judges it: attncheck's own functions, and what they rest on.

Before the subject is imported, everything that attncheck's modules hold is noted: functions with
their code, classes with what they hold, members of enums, constants; and some functions of Python,
msgspec and torch that verdicts rest on. Before a verdict leaves the process all of it must still
be there. Modules loaded later are not looked at (the fork server loads all that judge), nor is
what changes by itself: instances, lists and dicts. Who puts everything back in time is not seen: it
is no sandbox, it makes lies cost work.
"""

from __future__ import annotations

import importlib
import itertools
import math
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import EnumMeta
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from attncheck.lazy import torch

_MOST = 5
_BUILTINS = (
    "abs all any bool callable dict divmod enumerate filter float frozenset getattr hasattr int "
    "isinstance issubclass iter len list map max min next object property range repr reversed "
    "round set slice sorted str sum super tuple type vars zip"
)
_TORCH = "allclose count_nonzero equal isclose isfinite isinf isnan"
_TENSOR = (
    "abs all allclose amax amin any clone equal isclose isfinite isnan item max min numel sum "
    "tolist __bool__ __eq__ __float__ __ge__ __gt__ __int__ __le__ __lt__ __ne__ __sub__"
)
_REST = {
    "msgspec": "convert to_builtins",
    "msgspec.json": "decode encode format Decoder Encoder",
    "msgspec.structs": "asdict replace",
    "math": " ".join(name for name in vars(math) if not name.startswith("_")),
    "hashlib": "blake2b sha256",
    "os": "_exit getpid write",
    "builtins": _BUILTINS,
}
_BOOKKEEPING = {"__doc__", "__dict__", "__weakref__", "__annotations__", "_abc_impl"}
_SHADOWS = ("__eq__", "__bool__", "__call__", "__getattribute__", "__getattr__", "__setattr__")

Place = tuple[str, str, Mapping[str, Any], str, Any]
"""Whose it is, what it is called, the living dict that holds it, its key, and what it was."""
Code = tuple[str, FunctionType, Any, Any, Any]


@dataclass
class _Noted:
    """A living dict as it was: all of its keys and values, and which of them are looked at."""

    held: Mapping[str, Any]
    keys: tuple[str, ...]
    values: tuple[Any, ...]
    places: list[Place] = field(default_factory=list)
    absent: list[tuple[str, str]] = field(default_factory=list)
    module: str = ""


def watched() -> Callable[[], str]:
    """Note what judges; return what says whose functions were replaced since, "" if none were."""
    ours = {name: module for name, module in sys.modules.items() if _is_ours(name) and module}
    noted: dict[int, _Noted] = {}

    def note(key: int, held: Mapping[str, Any]) -> _Noted:
        if key not in noted:
            noted[key] = _Noted(held, tuple(held), tuple(held.values()))
        return noted[key]

    places = [*_of_modules(ours), *_of_others()]
    for place in places:
        note(id(place[2]), place[2]).places.append(place)
    for name, module in ours.items():
        note(id(vars(module)), vars(module)).module = name
    for name, one in _classes(ours):
        if _is_ours(one.__module__):
            held = one.__dict__  # a new view each time
            own = note(id(one), held)
            own.absent += [(f"{name}.{key}", key) for key in _SHADOWS if key not in held]
            for place in _of_class(name, one):
                places.append(place)
                at = id(one) if isinstance(place[2], MappingProxyType) else id(place[2])
                note(at, place[2]).places.append(place)
    tensor = torch.Tensor
    methods = [(name, getattr(tensor, name)) for name in _TENSOR.split() if hasattr(tensor, name)]
    return _comparing(list(noted.values()), [*_codes(places)], methods, tensor)


def _comparing(
    noted: list[_Noted], codes: list[Code], methods: list[tuple[str, Any]], tensor: Any
) -> Callable[[], str]:
    """Return the comparison; it rests on nothing that a subject can reach by a name."""
    get, size, kind, module, words = getattr, len, isinstance, ModuleType, _words
    changed, rewritten = _changed(noted), _rewritten(codes)

    def replaced() -> str:
        found: list[tuple[str, str]] = []
        for n in changed():
            for owner, name, held, key, value in n.places:
                if held.get(key) is not value:
                    found.append((owner, name))
            for name, key in n.absent:
                if key in n.held:
                    found.append(("attncheck", name))
            if n.module and size(n.held) != size(n.keys):
                for key in n.held:
                    if key not in n.keys and key[:2] != "__" and not kind(n.held[key], module):
                        found.append(("attncheck", f"{n.module}.{key}"))
        found += rewritten()
        for name, method in methods:
            if get(tensor, name, None) is not method:
                found.append(("torch", f"torch.Tensor.{name}"))
        return words(found) if found else ""

    return replaced


def _changed(noted: list[_Noted]) -> Callable[[], list[_Noted]]:
    """Return what says which dicts need a closer look, in C, for it is asked before each verdict.

    In the others every key and value is the very one that was there. A module grows with what is
    imported into it, so each is looked at for itself; classes are looked at all together.
    """
    every, each, same, size = all, map, operator.is_, len
    listed, row = tuple, itertools.chain.from_iterable
    values_of = operator.methodcaller("values")
    modules = [(n, n.held, n.keys, n.values) for n in noted if "__spec__" in n.keys]
    classes = [n for n in noted if "__spec__" not in n.keys]
    helds = tuple(n.held for n in classes)
    sizes = tuple(len(n.keys) for n in classes)
    keys = tuple(key for n in classes for key in n.keys)
    values = tuple(value for n in classes for value in n.values)

    def changed() -> list[_Noted]:
        found = [
            n
            for n, held, names, were in modules
            if size(held) != size(names)
            or not every(each(same, values_of(held), were))
            or not every(each(same, held, names))
        ]
        if (
            listed(each(size, helds)) == sizes
            and every(each(same, row(each(values_of, helds)), values))
            and every(each(same, row(helds), keys))
        ):
            return found
        return found + classes

    return changed


def _rewritten(codes: list[Code]) -> Callable[[], list[tuple[str, str]]]:
    """Return what says which functions have got another body or other defaults."""
    every, each, same = all, map, operator.is_
    functions = tuple(code[1] for code in codes)
    were = [
        (operator.attrgetter(name), tuple(code[place] for code in codes))
        for place, name in ((2, "__code__"), (3, "__defaults__"), (4, "__kwdefaults__"))
    ]

    def rewritten() -> list[tuple[str, str]]:
        if every(every(each(same, each(now, functions), was)) for now, was in were):
            return []
        return [
            ("attncheck", name)
            for name, function, code, defaults, named in codes
            if function.__code__ is not code
            or function.__defaults__ is not defaults
            or function.__kwdefaults__ is not named
        ]

    return rewritten


def _words(found: list[tuple[str, str]]) -> str:
    """Return ``attncheck: a, b and 3 more``."""
    owner = found[0][0]
    names = list(dict.fromkeys(name for _, name in found))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{owner}: {', '.join(names[:_MOST])}{more}"


def _is_ours(name: str) -> bool:
    return name == "attncheck" or name.startswith("attncheck.")


def _of_modules(ours: Mapping[str, ModuleType]) -> Iterator[Place]:
    for name, module in ours.items():
        held = vars(module)
        for key, value in list(held.items()):
            if not key.startswith("__") or key == "__builtins__":
                yield "attncheck", f"{name}.{key}", held, key, value


def _of_others() -> Iterator[Place]:
    for name, words in _REST.items():
        held = vars(importlib.import_module(name))
        owner = name.partition(".")[0] if name.startswith("msgspec") else "Python"
        for key in words.split():
            yield owner, f"{name}.{key}", held, key, held[key]
    for key in _TORCH.split():  # attncheck's own torch, which holds what the real one held
        yield "torch", f"torch.{key}", vars(sys.modules["torch"]), key, getattr(torch, key)
        yield "torch", f"torch.{key}", vars(torch), key, getattr(torch, key)


def _classes(ours: Mapping[str, ModuleType]) -> Iterator[tuple[str, type]]:
    seen: set[int] = set()
    for module in ours.values():
        for value in list(vars(module).values()):
            if isinstance(value, type) and id(value) not in seen:
                seen.add(id(value))
                yield f"{value.__module__}.{value.__qualname__}", value


def _of_class(name: str, one: type) -> Iterator[Place]:
    for key, value in list(vars(one).items()):
        if key not in _BOOKKEEPING:
            yield "attncheck", f"{name}.{key}", one.__dict__, key, value
    if isinstance(one, EnumMeta):
        members: dict[str, Any] = one._member_map_
        for key, member in members.items():
            yield "attncheck", f"{name}.{key}", members, key, member
            for inner, value in list(vars(member).items()):
                if inner in ("_value_", "_name_"):
                    yield "attncheck", f"{name}.{key}.{inner}", vars(member), inner, value


def _codes(places: list[Place]) -> Iterator[Code]:
    seen: set[int] = set()
    for _, name, _, _, value in places:
        for one in _functions(value):
            if id(one) not in seen and _is_ours(one.__module__ or ""):
                seen.add(id(one))
                yield name, one, one.__code__, one.__defaults__, one.__kwdefaults__


def _functions(value: Any) -> Iterator[FunctionType]:
    """Yield the function that this is or wraps, and those of a property."""
    if isinstance(value, property):
        held = [value.fget, value.fset]
    else:
        held = [value, *(getattr(value, key, None) for key in ("__func__", "__wrapped__", "func"))]
    for one in held:
        if isinstance(one, FunctionType):
            yield one
            inner = getattr(one, "__wrapped__", None)
            if isinstance(inner, FunctionType):
                yield inner
