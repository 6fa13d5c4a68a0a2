"""A module that raises on the spec's input: other inputs on which it may run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.sampling import draw, generator
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_SIDES = (8, 7, 14, 16, 32)
_LENGTHS = (8, 16, 49, 64)
_TIMES = (2, 4, 8)


def other_sizes(subject: Subject, request: Any) -> Iterator[dict[str, int]]:
    """Yield other sizes at which a module may be meant to work, where nobody has stated any.

    Multiples of a window, squares, a wider input.
    """
    axes = {axis for own in subject.convention.inputs.values() for axis in own}
    if request.inputs:
        return
    if {"H", "W"} <= axes or ("G" in axes and {"H", "W"} <= set(subject.dims)):
        for side in _SIDES:
            yield {"H": side, "W": side}
    elif "N" in axes:
        for length in _LENGTHS:
            yield {"N": length}
    if "C" in axes and "C" not in {*subject.binding.fixed, *request.dims}:
        for times in _TIMES:
            yield {"C": times * subject.dims["C"]}


def runs_elsewhere(subject: Subject, failure: SubjectError) -> str:
    """Return the contract to try of a module with one input that raises on it, or ``""``.

    Tokens for a map and a map for tokens.
    """
    inputs = list(subject.convention.inputs.values())
    if failure.phase != "forward" or len(inputs) != 1 or len(subject.convention.arguments) != 1:
        return ""
    is_map = len(inputs[0]) == 4
    if not is_map and len(inputs[0]) != 3:
        return ""
    for shape in _of_rank(subject, not is_map):
        if _runs(subject, shape):
            kind, family = ("tokens", "tokens") if is_map else ("a feature map", "map")
            inits = subject.binding.to_state(subject.dims, subject.told)
            words = ["attncheck", "audit", family, subject.target]
            words += [word for text in inits for word in ("--init", text)]
            return (
                f"it runs on {kind}, {_text(shape)}, which this spec does not take; if it is "
                f"meant for that: {shlex.join([*words, '--input', _text(shape)])}"
            )
    return ""


def is_core(subject: Subject) -> bool:
    """Say whether only trying has found that heads come cut, where a spec defines the whole."""
    call = subject.convention
    cut = call.form is not None and "C" in call.form.axes
    return cut and not call.stated and bool(subject.spec.reference)


def to_state(subject: Subject) -> str:
    """Return the options that state what is assumed of a call, as they are typed."""
    inits = subject.binding.to_state(subject.dims, subject.told)
    options = [f"--init {shlex.quote(text)}" for text in inits]
    if not subject.convention.stated:
        options += [f"--input {shlex.quote(text)}" for text in stated_inputs(subject)]
    return " ".join(options)


def stated_inputs(subject: Subject) -> list[str]:
    """Return the call as ``--input`` takes it: one text for each input and each mask."""
    trial, found = Trial(subject, subject.base()), []
    for argument in subject.convention.arguments:
        if not argument.axes:
            continue
        shape = trial.sizes(argument.axes)
        order = subject.convention.permutation(argument.axes)
        form = subject.convention.form if not argument.meaning else None
        if form is not None:
            shape = tuple(form.handed(torch.empty(shape, device="meta"), argument.axes).shape)
            shape = shape[1:] if form.unbatched else shape
        text = _text(tuple(shape[i] for i in order) if order else shape)
        named = f"{argument.parameter}=" if argument.keyword else ""
        found.append(named + text + (f":{argument.meaning}" if argument.meaning else ""))
    return found


def _of_rank(subject: Subject, is_map: bool) -> Iterator[tuple[int, ...]]:
    b, c = subject.dims.get("B", 2), subject.dims.get("C", 32)
    if is_map:
        yield from ((b, c, side, side) for side in _SIDES)
    else:
        yield from ((b, length, c) for length in _LENGTHS)


def _runs(subject: Subject, shape: tuple[int, ...]) -> bool:
    trial = Trial(subject, subject.base())
    try:
        module = trial.module()
        tensor = draw(shape, generator(0), trial.case.values).to(trial.dtype)
        with blamed("forward"), torch.no_grad():
            module(tensor)
    except SubjectError:
        return False
    return True


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
