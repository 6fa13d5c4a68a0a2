"""Why no call of a module works, which argument it is, and a line to type that works."""

from __future__ import annotations

import inspect
import itertools
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from attncheck.errors import TargetError, did_you_mean
from attncheck.lazy import torch
from attncheck.signature.forward import forward_parameters, is_required, named_parameters
from attncheck.signature.inputs import input_text
from attncheck.signature.stated import StatedArgument, StatedShape, stated_argument
from attncheck.subject.raising import SubjectError
from attncheck.subject.stated_calls import called_plainly, calls_of_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 200
"""Calls that are tried for a line that works."""
_SIDES = (224, 256, 32, 64, 128, 384, 512, 640)
"""Of pictures that models are made for."""
_STATE = "state the call: one --input per argument of forward, NAME=2x16 for a keyword"


def refusal(
    where: str,
    stated: Sequence[StatedArgument],
    module: torch.nn.Module | None,
    error: SubjectError | None,
) -> TargetError:
    """Return the error for a module of which no call works.

    Args:
        where: what was to be called, as it was typed.
        stated: with what; nothing where a call was looked for.
        module: as it was built, if it was.
        error: what the likeliest call raised.
    """
    if module is None:
        said = error or "it cannot be built"
        return TargetError(str(said), where=where, instead="state what it needs: --init NAME=VALUE")
    parameters = forward_parameters(module)
    named = named_parameters(parameters)
    call = f"forward({', '.join(p.name for p in named)})"
    kinds = {p.kind for p in parameters}
    most = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    plain = [one for one in stated if not one.name]
    known = {p.name for p in named}
    for one in stated:
        if one.name and one.name not in known and inspect.Parameter.VAR_KEYWORD not in kinds:
            near = did_you_mean(one.name, known)
            return TargetError(f"{call} has no argument '{one.name}'", where=where, instead=near)
    if len(plain) > most and inspect.Parameter.VAR_POSITIONAL not in kinds:
        what = f"{call} takes {most} by their places, and {len(plain)} are stated"
        fewer = [one for one in stated if one.name or one in plain[:most]]
        return TargetError(what, where=where, instead=_line(module, [fewer]) or _STATE)
    taken = {p.name for p in named[: len(plain)]} | {one.name for one in stated}
    missing = [p.name for p in named if is_required(p) and p.name not in taken]
    if missing and stated:
        what = f"nothing is stated for '{missing[0]}' of {call}"
        line = _line(module, _completed(stated, missing, _widths(module)))
        return TargetError(what, where=where, instead=line or f"add --input {missing[0]}=2x16x32")
    raised = str(error).removeprefix("forward ") if error else "does not work"
    if not stated:
        what = f"no input that we can think of works: {call} {raised}"
        return TargetError(what, where=where, instead=_STATE)
    line, name = _changed(module, stated, [p.name for p in named])
    what = f"{call} {raised}" + (f" ('{name}' has the wrong size)" if name else "")
    return TargetError(what, where=where, instead=line or _STATE)


def _line(module: torch.nn.Module, ways: Iterable[Sequence[StatedArgument]]) -> str:
    """Return the options of the first of these calls that works, "" where none does."""
    for given in itertools.islice(ways, _MOST):
        if _works(module, given):
            options = " ".join(f"--input {shlex.quote(one.text)}" for one in given)
            return f"it runs with {options}"
    return ""


def _works(module: torch.nn.Module, given: Sequence[StatedArgument]) -> bool:
    tensors = itertools.chain(module.parameters(), module.buffers())
    device = next((tensor.device.type for tensor in tensors), "meta")
    for call in calls_of_kinds(module, given, device):
        try:
            called_plainly(call)
        except SubjectError:
            continue
        return True
    return False


def _completed(
    stated: Sequence[StatedArgument], missing: Sequence[str], widths: Sequence[int]
) -> Iterator[list[StatedArgument]]:
    """Yield the call with shapes for what is missing: like the others', then of other widths."""
    shapes = [shape.given.shape for one in stated for shape in one.shapes()]
    first = shapes[0] if shapes else (2, 16, 32)
    fewer = [first[:2], (first[0], first[-1]), (first[0],), first[-1:]]
    wider = [(*first[:-1], width) for width in widths]
    wider += [(first[0], width, *first[2:]) for width in widths if len(first) > 2]
    usual = [*dict.fromkeys([*shapes, *fewer, *wider])]
    texts = ["x".join(map(str, sizes)) for sizes in usual if sizes]
    for chosen in itertools.product(texts, repeat=len(missing)):
        pairs = zip(missing, chosen, strict=True)
        yield [*stated, *(stated_argument(f"{name}={text}") for name, text in pairs)]


def _changed(
    module: torch.nn.Module, stated: Sequence[StatedArgument], names: Sequence[str]
) -> tuple[str, str]:
    """Return a line that works with one axis changed, and the argument whose axis that is."""
    others = [s for one in stated for shape in one.shapes() for s in shape.given.shape]
    sizes = [*dict.fromkeys([*_widths(module), *others])][:16]
    for at, one in enumerate(stated):
        ways = _with_an_axis(stated, at, one, sizes)
        if line := _line(module, ways):
            return line, one.name or (names[at] if at < len(names) else "")
    return "", ""


def _widths(module: torch.nn.Module) -> list[int]:
    """Return the widths of the first layers, in their order."""
    known = (p for p in module.parameters() if not torch.nn.parameter.is_lazy(p))
    return [*dict.fromkeys(size for p in itertools.islice(known, 12) for size in p.shape[:2])]


def _with_an_axis(
    stated: Sequence[StatedArgument], at: int, one: StatedArgument, sizes: Sequence[int]
) -> Iterator[list[StatedArgument]]:
    """Yield the call with one axis of an argument changed, or both sides of a picture."""
    if not isinstance(one.value, StatedShape):
        return
    shape = one.value.given.shape
    axes = sorted(range(len(shape)), key=lambda axis: (axis == 0, axis))
    ways = [(*shape[:a], size, *shape[a + 1 :]) for a, size in itertools.product(axes, sizes)]
    if len(shape) > 3:
        ways = [(*shape[:-2], side, side) for side in _SIDES] + ways
    for sizes_of_it in ways:
        if sizes_of_it != shape:
            given = replace(one.value.given, shape=sizes_of_it, name=one.name)
            kind = f":{one.value.kind}" if one.value.kind else ""
            yield [*stated[:at], stated_argument(input_text(given) + kind), *stated[at + 1 :]]
