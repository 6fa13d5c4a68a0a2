"""How a module is called: which input goes to which parameter, in which order of axes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attncheck.errors import TargetError

MEANINGS = ("pad-true", "valid-true", "valid-01", "additive")
"""What a mask says: True is padding, True is a real token, 1/0 likewise, or added to logits."""

_HEIGHT_WIDTH = {"h": "H", "height": "H", "w": "W", "width": "W"}


@dataclass(frozen=True)
class GivenInput:
    """One ``--input``: a shape, for a keyword when named, a mask when it has a meaning."""

    shape: tuple[int, ...]
    name: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Argument:
    """One argument of ``forward``.

    Attributes:
        parameter: the name in the subject's ``forward``.
        input: our name of the input (``x``, ``query``, ``mask``), or a dim passed as a number.
        axes: its axes in our order.
        meaning: what it means when it is a mask.
        keyword: passed by keyword.
    """

    parameter: str
    input: str
    axes: tuple[str, ...]
    meaning: str = ""
    keyword: bool = False


@dataclass(frozen=True)
class Convention:
    """A way to call a module and to read its output.

    Attributes:
        call: the name of the spec's call (``self``, ``cross``).
        arguments: in the order of ``forward``.
        output: the axes of the output in our order.
        layout: the name of the order of axes that the module uses, ``""`` for ours.
        orders: our axes -> the module's axes.
    """

    call: str
    arguments: tuple[Argument, ...]
    output: tuple[str, ...]
    layout: str = ""
    orders: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    @property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        """Our data inputs and their axes, without masks and numbers."""
        return {a.input: a.axes for a in self.arguments if a.axes and not a.meaning}

    @property
    def masks(self) -> tuple[Argument, ...]:
        """The arguments that are masks."""
        return tuple(a for a in self.arguments if a.meaning)

    def permutation(self, axes: tuple[str, ...]) -> tuple[int, ...] | None:
        """Return how to permute a tensor of ours into the module's order, or None."""
        for ours, theirs in self.orders:
            if ours == axes:
                return tuple(ours.index(axis) for axis in theirs)
        return None

    def describe(self) -> str:
        """Return the call as the report names it."""
        words = ", ".join(
            f"{a.parameter}: {a.meaning} mask" if a.meaning else a.parameter for a in self.arguments
        )
        order = f", {self.layout}" if self.layout else ""
        return f"{self.call}({words}){order}"


def is_mask_name(parameter: str) -> bool:
    """Say whether a parameter of ``forward`` names a mask."""
    lowered = parameter.lower()
    return "mask" in lowered or lowered in ("pad", "padding", "valid", "bias_mask")


def forward_parameters(module: Any) -> list[inspect.Parameter]:
    """Return the parameters of ``forward`` without ``self``; empty if it has no signature."""
    try:
        return list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):
        return []


def candidates(
    parameters: Sequence[inspect.Parameter],
    calls: Mapping[str, Mapping[str, str]],
    output: str,
    layouts: Mapping[str, Mapping[str, str]],
    given: Sequence[GivenInput],
    target: str,
) -> Iterator[Convention]:
    """Yield the ways in which the module may be called, likeliest first.

    Raises:
        TargetError: a parameter of ``forward`` has no input that could be meant.
    """
    found = 0
    for name, inputs in _by_fit(calls, parameters, given):
        arguments = _match(parameters, inputs, given)
        if arguments is None:
            continue
        found += 1
        base = Convention(name, arguments, tuple(output.split()))
        yield base
        for layout, orders in layouts.items():
            pairs = tuple((tuple(a.split()), tuple(b.split())) for a, b in orders.items())
            if any(ours == argument.axes for ours, _ in pairs for argument in arguments):
                yield Convention(name, arguments, base.output, layout, pairs)
    if not found:
        wanted = ", ".join(p.name for p in _positional(parameters))
        raise TargetError(
            f"cannot tell what forward({wanted}) is to be called with",
            where=target,
            instead="add one --input per positional argument, such as --input 2x32x8x6; "
            "a mask adds its meaning: --input 2x8:pad-true",
        )


def _positional(parameters: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in parameters if p.kind in kinds]


def _by_fit(
    calls: Mapping[str, Mapping[str, str]],
    parameters: Sequence[inspect.Parameter],
    given: Sequence[GivenInput],
) -> list[tuple[str, Mapping[str, str]]]:
    """Order the spec's calls: those that need exactly the required arguments first."""
    data = [p for p in _positional(parameters) if not is_mask_name(p.name)]
    required = [p for p in data if p.default is inspect.Parameter.empty]
    wanted = len([g for g in given if not g.meaning]) or len(required) or 1
    return sorted(calls.items(), key=lambda item: abs(len(item[1]) - wanted))


def _match(
    parameters: Sequence[inspect.Parameter],
    inputs: Mapping[str, str],
    given: Sequence[GivenInput],
) -> tuple[Argument, ...] | None:
    """Give each input of a call to a parameter, or return None where they do not fit."""
    data = [(name, tuple(axes.split())) for name, axes in inputs.items()]
    if given:
        return _match_given(parameters, data, given)
    arguments: list[Argument] = []
    for parameter in _positional(parameters):
        required = parameter.default is inspect.Parameter.empty
        if is_mask_name(parameter.name):
            if required:
                return None
            continue
        if dim := _HEIGHT_WIDTH.get(parameter.name.lower()):
            arguments.append(Argument(parameter.name, dim, ()))
        elif data:
            name, axes = data.pop(0)
            arguments.append(Argument(parameter.name, name, axes))
        elif required:
            return None
    if data and any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        arguments += [Argument(f"args[{i}]", name, axes) for i, (name, axes) in enumerate(data)]
        data = []
    return None if data else tuple(arguments)


def _match_given(
    parameters: Sequence[inspect.Parameter],
    data: list[tuple[str, tuple[str, ...]]],
    given: Sequence[GivenInput],
) -> tuple[Argument, ...] | None:
    """Match the user's ``--input`` list, in the order of forward's positional inputs."""
    positional = [p.name for p in _positional(parameters)]
    arguments: list[Argument] = []
    data = list(data)
    for index, entry in enumerate(given):
        keyword = bool(entry.name)
        default = positional[index] if index < len(positional) else f"args[{index}]"
        parameter = entry.name or default
        if entry.meaning:
            axes = _mask_axes(entry.shape, arguments, given)
            arguments.append(Argument(parameter, "mask", axes, entry.meaning, keyword))
        elif data and len(data[0][1]) == len(entry.shape):
            name, own = data.pop(0)
            arguments.append(Argument(parameter, name, own, "", keyword))
        else:
            return None
    return None if data else tuple(arguments)


def _mask_axes(
    shape: tuple[int, ...], before: list[Argument], given: Sequence[GivenInput]
) -> tuple[str, ...]:
    """Name the axes of a mask by the sizes of the inputs that came before it."""
    data = [entry for entry in given if not entry.meaning]
    sizes: dict[str, int] = {"1": 1}
    for argument, entry in zip([a for a in before if not a.meaning], data, strict=False):
        sizes |= dict(zip(argument.axes, entry.shape, strict=False))
    keys = "M" if "M" in sizes else "N"
    patterns: dict[int, list[tuple[str, ...]]] = {
        1: [(keys,)],
        2: [("B", keys), ("N", keys)],
        3: [("B", "N", keys), ("B", "1", keys)],
        4: [("B", "1", "N", keys), ("B", "1", "1", keys), ("B", "heads", "N", keys)],
    }
    for axes in patterns.get(len(shape), []):
        if all(sizes.get(axis, n) == n for axis, n in zip(axes, shape, strict=True)):
            return axes
    return ("B", keys)


def dims_of(convention: Convention, given: Sequence[GivenInput]) -> dict[str, int]:
    """Return the dims that the user's shapes give."""
    dims: dict[str, int] = {}
    for argument, entry in zip(convention.arguments, given, strict=False):
        order = convention.permutation(argument.axes)
        axes = tuple(argument.axes[i] for i in order) if order else argument.axes
        dims |= {a: n for a, n in zip(axes, entry.shape, strict=False) if a != "1"}
    return dims
