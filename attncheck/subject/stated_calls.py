"""Calls with stated arguments; whether shapes hold numbers, indices or flags is found by trying."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.convention import LENGTHS
from attncheck.signature.forward import forward_parameters, is_required, named_parameters
from attncheck.signature.names import number_named
from attncheck.signature.offline import offline
from attncheck.signature.stated import StatedArgument, StatedShape, stated_argument
from attncheck.subject.live import LiveCall, on_device
from attncheck.subject.raising import blamed
from attncheck.subject.sampling import draw, generator, seed_everything

_VOCABULARY = 8
"""Indices are below it where values count: few tables are shorter."""
_MOST_KINDS = 24
_FOUND = ("2x3x64x64", "2x3x224x224", "2x1x28x28", "2x13:int", "2x64:int")
"""Inputs where none is stated, in the order in which they are tried; then the module's widths."""


def called_plainly(call: LiveCall) -> Any:
    """Run a call, keep nothing for gradients, and return what it gives.

    Raises:
        SubjectError: ``forward`` raises.
    """
    with torch.no_grad(), on_device(call.device), blamed("forward"), offline():
        seed_everything(0, call.device)
        return call.module(*call.positional, **call.named)


def calls_of_kinds(
    module: torch.nn.Module, given: Sequence[StatedArgument], device: str, built_as: str = ""
) -> Iterator[LiveCall]:
    """Yield calls with these arguments, under each reading of what shapes hold, likeliest first."""
    parameters = forward_parameters(module)
    choices = [
        _kinds(shape, _parameter(parameters, at, one.name))
        for at, one in enumerate(given)
        for shape in one.shapes()
    ]
    ways = itertools.islice(itertools.product(*choices), 4 * _MOST_KINDS)
    first = [kinds[0] for kinds in choices]
    ranked = sorted(ways, key=lambda way: sum(a != b for a, b in zip(way, first, strict=True)))
    for way in ranked[:_MOST_KINDS]:
        kinds = iter(way)
        made = [(one, _made(one.value, kinds, device)) for one in given]
        positional = [value for one, value in made if not one.name]
        named = {one.name: value for one, value in made if one.name}
        yield LiveCall(module, positional, named, device, built_as, [one.text for one in given])


def _parameter(
    parameters: Sequence[inspect.Parameter], at: int, name: str
) -> inspect.Parameter | None:
    if name:
        return next((p for p in parameters if p.name == name), None)
    return parameters[at] if at < len(parameters) else None


def _kinds(shape: StatedShape, parameter: inspect.Parameter | None) -> list[str]:
    """Return what a shape may be of, likeliest first."""
    sizes = shape.given.shape
    if shape.kind or shape.given.meaning:
        return [shape.kind or "float"]
    if len(sizes) > 1:
        return ["float", "int", "bool"] if len(sizes) == 2 else ["float", "int"]
    whole = parameter is not None and (
        parameter.annotation in (int, "int")
        or type(parameter.default) is int
        or bool(number_named(parameter.name))
    )
    return ["number", "float", "int"] if whole else ["float", "int", "number"]


def _made(value: Any, kinds: Iterator[str], device: str) -> Any:
    """Return a value with a tensor, or a number, for each of its shapes."""
    if isinstance(value, StatedShape):
        return _tensor(value, next(kinds), device)
    if isinstance(value, (list, tuple)):
        return type(value)(_made(one, kinds, device) for one in value)
    if isinstance(value, dict):
        return {name: _made(one, kinds, device) for name, one in value.items()}
    return value


def _tensor(shape: StatedShape, kind: str, device: str) -> Any:
    sizes, meaning = shape.given.shape, shape.given.meaning
    if kind == "number":
        return sizes[0]
    if meaning == LENGTHS:
        return torch.ones(sizes, dtype=torch.long, device=device)
    if meaning in ("pad-true", "valid-true"):
        return torch.full(sizes, meaning == "valid-true", device=device)
    if meaning:
        return torch.full(sizes, float(meaning == "valid-01"), device=device)
    if device == "meta":
        dtype = {"bool": torch.bool, "int": torch.long}.get(kind, torch.get_default_dtype())
        return torch.empty(sizes, dtype=dtype, device=device)
    if kind == "bool":
        return torch.ones(sizes, dtype=torch.bool, device=device)
    if kind == "int":
        line = torch.arange(math.prod(sizes), device=device)
        return line.remainder(_VOCABULARY).view(sizes)
    return draw(sizes, generator(0)).float().to(device)


def found_calls(module: torch.nn.Module) -> Iterator[list[StatedArgument]]:
    """Yield calls where none is stated: pictures, indices, then inputs of the module's widths."""
    parameters = [p for p in named_parameters(forward_parameters(module)) if is_required(p)]
    widths: dict[int, None] = {}
    for parameter in module.parameters():
        if not torch.nn.parameter.is_lazy(parameter) and len(widths) < 4:
            first = parameter.shape[1:2] if parameter.ndim > 1 else ()
            widths |= dict.fromkeys(size for size in (*first, *parameter.shape[:1]) if size > 1)
    own = [f"{a}{c}{b}" for c in widths for a, b in (("2x13x", ""), ("2x", "x16x16"), ("2x", ""))]
    for one in map(stated_argument, (*_FOUND, *own)):
        yield [one] * max(1, len(parameters))
