"""How a module may be called: what ``forward`` wants, and which input each parameter gets.

Where nothing fits, the error holds the line to type.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attncheck.errors import TargetError
from attncheck.signature.convention import Argument, Convention, GivenInput
from attncheck.signature.masks import is_mask_name, known_meaning, mask_axes
from attncheck.signature.names import number_named, role_named

Orders = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
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
) -> tuple[Argument, ...] | None:
    """Return one argument per parameter that is passed, or None where they do not fit.

    Args:
        parameters: of ``forward``.
        inputs: the spec's call: input -> axes.
        given: the user's ``--input`` list, empty when nothing is stated.
        orders: our axes -> the module's, for this layout.
    """
    data = {n: tuple(axes.split()) for n, axes in inputs.items() if axes and n != "returns"}
    found = _given(parameters, data, given, orders) if given else _by_name(parameters, data)
    if found is None:
        return None
    chosen = {argument.parameter: argument for argument in found}
    dims = {axis for axes in data.values() for axis in axes}
    numbers = [name for name, axes in inputs.items() if not axes]
    taken = number_parameters(parameters)
    for parameter in named_parameters(parameters):
        if parameter.name in chosen:
            continue
        side = taken.get(parameter.name, "")
        dim = next((n for n in numbers if number_named(n) == side), side if side in dims else "")
        if dim:
            chosen[parameter.name] = Argument(parameter.name, dim, ())
        elif is_required(parameter):
            return None
    if any(name not in {a.input for a in chosen.values()} for name in numbers):
        return None
    return _in_order(parameters, chosen)


def _by_name(
    parameters: Sequence[inspect.Parameter], data: Mapping[str, tuple[str, ...]]
) -> list[Argument] | None:
    """Match without a stated call: required parameters first, then optional ones named so."""
    wanted = data_parameters(parameters)
    required = [p for p in wanted if is_required(p)]
    arguments: list[Argument] = []
    for parameter in named_parameters(parameters):
        if is_mask_name(parameter.name) and is_required(parameter):
            meaning = known_meaning(parameter.name)
            if not meaning:
                return None
            axes = mask_axes((0, 0), {}, data)
            arguments.append(Argument(parameter.name, "mask", axes, meaning))
    if len(data) == 1 and len(required) > 1 and all(role_named(p.name) for p in required):
        # Queries, keys and values of a module that is asked to attend to itself.
        name, axes = next(iter(data.items()))
        return arguments + [Argument(p.name, name, axes) for p in required]
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
    free = [p.name for p in named_parameters(parameters)]
    free = [name for name in free if name not in {entry.name for entry in given}]
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
    else:
        return None
    sizes: dict[str, int] = {}
    for argument in arguments:
        shape = shapes.get(argument.parameter, ())
        if not shape:
            continue
        if len(shape) != len(argument.axes):
            return None
        sizes |= dict(zip(dict(orders).get(argument.axes, argument.axes), shape, strict=True))
    return arguments + [
        Argument(name, "mask", mask_axes(entry.shape, sizes, data), entry.meaning)
        for name, entry in chosen
        if entry.meaning
    ]


def _by_role(names: Sequence[str], data: Mapping[str, tuple[str, ...]]) -> list[Argument]:
    """Give each input to a parameter: by what the names say where all say it, else in order."""
    roles = [role_named(name) for name in names]
    wanted = {role_named(name): name for name in data}
    if len(set(roles)) == len(roles) and set(roles) == set(wanted):
        return [Argument(n, wanted[r], data[wanted[r]]) for n, r in zip(names, roles, strict=True)]
    return [Argument(n, *item) for n, item in zip(names, data.items(), strict=True)]


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
            a = argument
            ordered.append(Argument(a.parameter, a.input, a.axes, a.meaning, keyword))
    named = {p.name for p in named_parameters(parameters)}
    for name, a in chosen.items():
        if name not in named:
            extra = not name.startswith("args[")
            ordered.append(Argument(name, a.input, a.axes, a.meaning, extra))
    return tuple(ordered)


def forward_parameters(module: Any) -> list[inspect.Parameter]:
    """Return the parameters of ``forward`` without ``self``; empty if it has no signature.

    A module may state them as ``forward_signature`` where its ``forward`` takes anything.
    """
    try:
        stated = getattr(module, "forward_signature", None)
        signature = stated if isinstance(stated, inspect.Signature) else None
        return list((signature or inspect.signature(module.forward)).parameters.values())
    except (TypeError, ValueError):
        return []


def candidates(
    parameters: Sequence[inspect.Parameter],
    calls: Mapping[str, Mapping[str, str]],
    output: str,
    layouts: Mapping[str, Mapping[str, str]],
    given: Sequence[GivenInput],
    target: str,
    dims: Mapping[str, int] | None = None,
) -> Iterator[Convention]:
    """Yield the ways in which the module may be called, likeliest first.

    Args:
        parameters: of ``forward``, without ``self``.
        calls: the spec's calls. In a call, an input without axes is a dim passed as a number,
            and ``returns`` are the axes of the output where they are not the spec's.
        output: the axes of the spec's output.
        layouts: the spec's other orders of axes.
        given: the call that the user states.
        target: what the user typed, for messages.
        dims: the default case, for messages.

    Raises:
        TargetError: a parameter of ``forward`` has no input that could be meant.
    """
    found = 0
    for name, inputs in _by_fit(calls, parameters, given):
        for layout, orders in {"": {}, **layouts}.items():
            pairs = tuple((tuple(a.split()), tuple(b.split())) for a, b in orders.items())
            arguments = match(parameters, inputs, given, pairs)
            if arguments is None:
                break
            if not layout or any(a == argument.axes for a, _ in pairs for argument in arguments):
                found += 1
                axes = tuple(inputs.get("returns", output).split())
                yield Convention(name, arguments, axes, layout, pairs)
    if not found:
        raise unmatched(parameters, calls, given, target, dims or {})


def _by_fit(
    calls: Mapping[str, Mapping[str, str]],
    parameters: Sequence[inspect.Parameter],
    given: Sequence[GivenInput],
) -> list[tuple[str, Mapping[str, str]]]:
    """Order the spec's calls: those that need exactly the required arguments first."""
    required = [p for p in data_parameters(parameters) if p.default is inspect.Parameter.empty]
    wanted = len([g for g in given if not g.meaning]) or len(required) or 1

    def distance(item: tuple[str, Mapping[str, str]]) -> int:
        return abs(len([n for n, axes in item[1].items() if axes and n != "returns"]) - wanted)

    return sorted(calls.items(), key=distance)


def dims_of(convention: Convention, given: Sequence[GivenInput]) -> dict[str, int] | None:
    """Return the dims that the user's shapes give; None where they contradict each other."""
    dims: dict[str, int] = {}
    left = [argument for argument in convention.arguments if argument.axes]
    for entry in sorted(given, key=lambda entry: not entry.name):
        argument = next(
            (a for a in left if _is_meant(a, entry)),
            None,
        )
        if argument is None:
            continue
        left.remove(argument)
        order = convention.permutation(argument.axes)
        axes = tuple(argument.axes[i] for i in order) if order else argument.axes
        for axis, size in zip(axes, entry.shape, strict=False):
            if axis != "1" and dims.setdefault(axis, size) != size:
                return None
    return dims


def _is_meant(argument: Argument, entry: GivenInput) -> bool:
    if entry.name:
        return argument.parameter == entry.name
    return bool(argument.meaning) == bool(entry.meaning)


def unmatched(
    parameters: Sequence[inspect.Parameter],
    calls: Mapping[str, Mapping[str, str]],
    given: Sequence[GivenInput],
    target: str,
    dims: Mapping[str, int],
) -> TargetError:
    """Return the error that says what is missing, and the line to type."""
    shape = _example(calls, parameters, dims)
    masks = [
        p.name
        for p in named_parameters(parameters)
        if is_mask_name(p.name) and is_required(p) and not known_meaning(p.name)
    ]
    if masks and not any(entry.meaning for entry in given):
        size = f"{dims.get('B', 2)}x{dims.get('M', dims.get('N', 8))}"
        return TargetError(
            f"forward needs the mask '{masks[0]}', and nothing says what it means",
            where=target,
            instead=f"add its shape and meaning: {shape} --input {size}:pad-true (True is "
            "padding; or :valid-true, :valid-01, :additive)",
        )
    wanted = ", ".join(p.name for p in named_parameters(parameters))
    return TargetError(
        f"cannot tell what forward({wanted}) is to be called with",
        where=target,
        instead=f"add one --input per positional argument, such as {shape}; "
        "a mask adds its meaning: --input 2x8:pad-true",
    )


def _example(
    calls: Mapping[str, Mapping[str, str]],
    parameters: Sequence[inspect.Parameter],
    dims: Mapping[str, int],
) -> str:
    """Return the ``--input`` options of the likeliest call."""
    count = len([p for p in data_parameters(parameters) if is_required(p)]) or 1
    shapes: list[str] = []
    for inputs in calls.values():
        data = [axes.split() for name, axes in inputs.items() if axes and name != "returns"]
        if not shapes or len(data) == count:
            shapes = ["x".join(str(dims.get(axis, 8)) for axis in axes) for axes in data]
    return " ".join(f"--input {text}" for text in shapes) or "--input 2x32x8x6"
