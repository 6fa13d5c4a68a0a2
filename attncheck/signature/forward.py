"""What ``forward`` wants, and which input each of its parameters gets."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from attncheck.signature.convention import LENGTHS, Argument, GivenInput
from attncheck.signature.masks import is_mask_name, known_meaning, mask_axes, usual_axes
from attncheck.signature.names import number_named, role_named
from attncheck.signature.tables import table_named

Orders = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
_OR_NONE = re.compile(r"\b(Optional|None)\b")
_NAMED_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


def named_parameters(parameters: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
    """Return the parameters that have a name of their own, without ``*args`` and ``**kwargs``."""
    return [p for p in parameters if p.kind in _NAMED_KINDS]


def is_required(parameter: inspect.Parameter) -> bool:
    """Say whether the parameter has no default."""
    return parameter.default is inspect.Parameter.empty


def data_parameters(parameters: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
    """Return the parameters that take data: the required ones, and optional ones named so."""
    numbers = number_parameters(parameters)
    return [
        p
        for p in named_parameters(parameters)
        if not is_mask_name(p.name)
        and p.name not in numbers
        and not (is_required(p) and table_named(p.name))
        and (is_required(p) or (p.default is None and role_named(p.name)))
    ]


def number_parameters(parameters: Sequence[inspect.Parameter]) -> dict[str, str]:
    """Return parameter -> H or W, where ``forward`` takes both as numbers."""
    found = {p.name: number_named(p.name) for p in named_parameters(parameters)}
    found = {name: dim for name, dim in found.items() if dim}
    return found if set(found.values()) == {"H", "W"} else {}


def match(
    parameters: Sequence[inspect.Parameter],
    inputs: Mapping[str, str],
    given: Sequence[GivenInput],
    orders: Orders,
    extra: Mapping[str, Argument] | None = None,
) -> tuple[Argument, ...] | None:
    """Return one argument per parameter that is passed, or None where they do not fit.

    Args:
        parameters: of ``forward``.
        inputs: the spec's call: input -> axes.
        given: the user's ``--input`` list, empty when nothing is stated.
        orders: our axes -> the module's, for this layout.
        extra: parameter -> a mask or a table that is not the user's.
    """
    extra = extra or {}
    data = {n: tuple(axes.split()) for n, axes in inputs.items() if axes and n != "returns"}
    flags = {g.name: g for g in given if g.is_settled}
    sides = number_parameters(parameters)
    shaped = [g for g in given if not g.is_settled and g.name not in sides]
    left = [p for p in parameters if p.name not in flags]
    found = (
        _given(left, data, shaped, orders) if shaped else _by_name(left, data, with_masks=not extra)
    )
    if found is None:
        return None
    chosen = {
        name: Argument(name, "", (), literal=g.literal, made=g.made, held=g.held)
        for name, g in flags.items()
    }
    chosen |= {argument.parameter: argument for argument in found}
    dims = {axis for axes in data.values() for axis in axes}
    numbers = [name for name, axes in inputs.items() if not axes]
    for parameter in named_parameters(parameters):
        if parameter.name in chosen:
            continue
        side = sides.get(parameter.name, "")
        dim = next((n for n in numbers if number_named(n) == side), side if side in dims else "")
        if parameter.name in extra:
            chosen[parameter.name] = extra[parameter.name]
        elif dim:
            chosen[parameter.name] = Argument(parameter.name, dim, ())
        elif is_required(parameter):
            return None
    if any(name not in {a.input for a in chosen.values()} for name in numbers):
        return None
    return _in_order(parameters, chosen)


def _by_name(
    parameters: Sequence[inspect.Parameter],
    data: Mapping[str, tuple[str, ...]],
    *,
    with_masks: bool,
) -> list[Argument] | None:
    """Match without a stated call: required parameters first, then optional ones named so."""
    wanted = data_parameters(parameters)
    required = [p for p in wanted if is_required(p)]
    arguments: list[Argument] = []
    for parameter in named_parameters(parameters):
        if with_masks and is_mask_name(parameter.name) and is_required(parameter):
            meaning = known_meaning(parameter.name)
            if not meaning:
                return None
            axes = usual_axes(meaning, data)
            arguments.append(Argument(parameter.name, "mask", axes, meaning))
    if len(data) == 1 and len(required) > 1 and all(role_named(p.name) for p in required):
        # Queries, keys and values of a module that is asked to attend to itself.
        name, axes = next(iter(data.items()))
        return arguments + [Argument(p.name, name, axes) for p in required]
    if shared := _values_of_keys([p.name for p in required], data):
        return arguments + shared
    takes_any = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    if len(required) > len(data) or (len(wanted) < len(data) and not takes_any):
        return None
    optional = [p for p in wanted if not is_required(p)]
    added: list[inspect.Parameter] = []
    if takes_any:
        # What follows *args comes beside the main input, never in its place.
        added = [p for p in optional if p.kind is inspect.Parameter.KEYWORD_ONLY]
        optional = [p for p in optional if p not in added]
    taken = required + optional[: len(data) - len(required)]
    left = len(data) - len(taken)
    added = added[: left if taken else max(left - 1, 0)]
    names = [p.name for p in named_parameters(parameters) if p in taken]
    names += [f"args[{i}]" for i in range(left - len(added))]
    names += [p.name for p in added]
    return arguments + _by_role(names, data)


def _given(
    parameters: Sequence[inspect.Parameter],
    data: Mapping[str, tuple[str, ...]],
    given: Sequence[GivenInput],
    orders: Orders,
) -> list[Argument] | None:
    """Match the user's ``--input`` list, in the order of forward's positional inputs."""
    chosen = _places(parameters, given)
    shapes = {name: entry.shape for name, entry in chosen if not entry.meaning}
    if len(data) == 1 and len(shapes) > 1 and len(set(shapes.values())) == 1:
        only, axes = next(iter(data.items()))
        arguments = [Argument(name, only, axes) for name in shapes]
    elif len(shapes) == 1 and len(data) == 1:
        roles = [p.name for p in data_parameters(parameters) if is_required(p)]
        name, only = next(iter(shapes)), next(iter(data))
        everything = [name, *(r for r in roles if r != name)]
        if not all(role_named(n) for n in everything):
            everything = [name]
        arguments = [Argument(n, only, data[only]) for n in everything]
    elif len(shapes) == len(data):
        arguments = _by_role(list(shapes), data)
    elif shared := _values_of_keys(list(shapes), data):
        arguments = shared
    elif len(data) == 1 and len(shapes) > 1:
        arguments = _beside(shapes, data)
    else:
        return None
    theirs = {name: entry.axes for name, entry in chosen if entry.axes}
    sizes: dict[str, int] = {}
    for argument in arguments:
        shape = shapes.get(argument.parameter, ())
        if not shape:
            continue
        if len(shape) != len(argument.axes):
            return None
        own = dict(orders).get(argument.axes, argument.axes)
        letters = theirs.get(argument.parameter)
        if letters and tuple(axis_meant(a, argument.axes) for a in letters) != own:
            return None
        sizes |= dict(zip(own, shape, strict=True))
    for name, entry in chosen:
        if entry.meaning:
            axes, order = mask_axes(entry.shape, sizes, data)
            if entry.meaning == LENGTHS:
                axes, order = usual_axes(LENGTHS, data), ()
            arguments.append(Argument(name, "mask", axes, entry.meaning, order=order))
    return arguments


_ALIKE = ("NMGTLS", "CDEF")
"""Letters that people write for positions, and for channels."""


def axis_meant(letter: str, ours: Sequence[str]) -> str:
    """Return our axis that a stated letter means."""
    if letter in ours:
        return letter
    alike = next((group for group in _ALIKE if letter in group), "")
    return next((axis for axis in ours if axis[0] in alike), letter)


def _places(
    parameters: Sequence[inspect.Parameter], given: Sequence[GivenInput]
) -> list[tuple[str, GivenInput]]:
    """Give each ``--input`` its parameter: by its name, else by its place.

    What follows ``*args`` is reached by its name alone.
    """
    numbers = number_parameters(parameters)
    stated = {entry.name for entry in given}
    takes_any = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    free = [
        p.name
        for p in named_parameters(parameters)
        if p.name not in stated and p.name not in numbers
        if not (is_required(p) and table_named(p.name))
        if not (takes_any and p.kind is inspect.Parameter.KEYWORD_ONLY and not is_mask_name(p.name))
    ]
    spare = iter([f"args[{i}]" for i in range(len(given))])
    chosen: list[tuple[str, GivenInput]] = []
    for entry in given:
        masks = [name for name in free if is_mask_name(name)]
        others = [name for name in free if not is_mask_name(name)]
        preferred = (masks or others) if entry.meaning else others
        name = entry.name or next(iter(preferred), "") or next(spare)
        if name in free:
            free.remove(name)
        chosen.append((name, entry))
    return chosen


def _beside(
    shapes: Mapping[str, tuple[int, ...]], data: Mapping[str, tuple[str, ...]]
) -> list[Argument]:
    """Return the contract's one input and those that a user states beside it, of fixed sizes."""
    (main, shape), *others = shapes.items()
    only, axes = next(iter(data.items()))
    batch = shape[axes.index("B")] if "B" in axes and len(shape) == len(axes) else 0
    found = [Argument(main, only, axes)]
    for name, sizes in others:
        named = tuple(
            "B" if at == 0 and size == batch else str(size) for at, size in enumerate(sizes)
        )
        found.append(Argument(name, name, named))
    return found


def _values_of_keys(
    names: Sequence[str], data: Mapping[str, tuple[str, ...]]
) -> list[Argument] | None:
    """Return queries, keys and values for a call in which the values are the keys."""
    roles = {role_named(name): name for name in names}
    wanted = {role_named(name): name for name in data}
    if (
        len(names) != 3
        or set(roles) != {"query", "key", "value"}
        or set(wanted) != {"query", "key"}
    ):
        return None
    wanted["value"] = wanted["key"]
    return [Argument(n, wanted[r], data[wanted[r]]) for r, n in roles.items()]


def _by_role(names: Sequence[str], data: Mapping[str, tuple[str, ...]]) -> list[Argument]:
    """Give each input to a parameter: by what the names say where all say it, else in order.

    A parameter with the very name of an input gets that one.
    """
    roles = [role_named(name) for name in names]
    wanted = {role_named(name): name for name in data}
    if len(set(roles)) == len(roles) and set(roles) == set(wanted):
        return [Argument(n, wanted[r], data[wanted[r]]) for n, r in zip(names, roles, strict=True)]
    others = iter([name for name in data if name not in names])
    ours = [name if name in data else next(others) for name in names]
    return [Argument(n, name, data[name]) for n, name in zip(names, ours, strict=True)]


def _in_order(
    parameters: Sequence[inspect.Parameter], chosen: Mapping[str, Argument]
) -> tuple[Argument, ...]:
    """Order the arguments as ``forward`` has them; by keyword after one that is left out."""
    ordered: list[Argument] = []
    keyword = False
    for parameter in named_parameters(parameters):
        keyword = keyword or parameter.kind is inspect.Parameter.KEYWORD_ONLY
        argument = chosen.get(parameter.name)
        if argument is None:
            keyword = True
        else:
            ordered.append(replace(argument, keyword=keyword))
    named = {p.name for p in named_parameters(parameters)}
    for name, a in chosen.items():
        if name not in named:
            extra = not name.startswith("args[")
            ordered.append(replace(a, keyword=extra))
    return tuple(ordered)


def forward_parameters(module: Any) -> list[inspect.Parameter]:
    """Return the parameters of ``forward`` without ``self``; empty if it has no signature.

    A module may state them as ``forward_signature`` where its ``forward`` takes anything. What
    must be given, and may be None, has the default None.
    """
    empty = may_be_none(module)
    return [p.replace(default=None) if p.name in empty else p for p in _written(module)]


def may_be_none(module: Any) -> frozenset[str]:
    """Return the parameters of ``forward`` without a default that may be None.

    The annotation says so (``mask: Tensor | None``), or the code asks (``if mask is not None``).
    What is computed from positions is none of them: without it the module is another one.
    """
    required = [p for p in _written(module) if is_required(p) and p.kind in _NAMED_KINDS]
    required = [p for p in required if not table_named(p.name) and not number_named(p.name)]
    if not required:
        return frozenset()
    asked = _held_against_none(getattr(module.forward, "__func__", module.forward))
    return frozenset(
        p.name for p in required if p.name in asked or _OR_NONE.search(str(p.annotation))
    )


def _written(module: Any) -> list[inspect.Parameter]:
    try:
        stated = getattr(module, "forward_signature", None)
        signature = stated if isinstance(stated, inspect.Signature) else None
        return list((signature or inspect.signature(module.forward)).parameters.values())
    except (TypeError, ValueError, AttributeError):
        return []


@lru_cache(maxsize=512)
def _held_against_none(function: Any) -> frozenset[str]:
    """Return the names that a function asks of whether they are None."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(
        node.left.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name)
        if isinstance(node.ops[0], (ast.Is, ast.IsNot))
        if isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value is None
    )
