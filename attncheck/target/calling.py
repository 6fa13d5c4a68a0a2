"""Find out how a module may be called, from the signature of its ``forward``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attncheck.target.convention import MEANINGS, Argument, Convention, GivenInput
from attncheck.target.masks import is_mask_name
from attncheck.target.matching import data_parameters, match
from attncheck.target.refusing import unmatched

__all__ = [
    "MEANINGS",
    "Argument",
    "Convention",
    "GivenInput",
    "candidates",
    "dims_of",
    "forward_parameters",
    "is_mask_name",
]


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
