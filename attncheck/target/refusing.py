"""The error for a ``forward`` that nothing fits, with the line to type."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

from attncheck.errors import TargetError
from attncheck.target.convention import GivenInput
from attncheck.target.masks import is_mask_name, known_meaning
from attncheck.target.matching import data_parameters, is_required, named_parameters


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
