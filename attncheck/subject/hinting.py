"""A module that raises on the spec's input: another input on which it runs, for who must go on."""

from __future__ import annotations

from collections.abc import Iterator

from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.sampling import draw, generator
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_SIDES = (8, 7, 14, 16, 32)
_LENGTHS = (8, 16, 49, 64)


def runs_elsewhere(subject: Subject, failure: SubjectError) -> str:
    """Return what to try of a module with one input that raises on it, or ``""``.

    Its own size comes first (multiples of a window, a square), then tokens for a map and a map
    for tokens.
    """
    inputs = list(subject.convention.inputs.values())
    if failure.phase != "forward" or len(inputs) != 1 or len(subject.convention.arguments) != 1:
        return ""
    is_map = len(inputs[0]) == 4
    if not is_map and len(inputs[0]) != 3:
        return ""
    order = subject.convention.permutation(inputs[0])
    for shape in _of_rank(subject, is_map):
        told = tuple(shape[i] for i in order) if order else shape
        if _runs(subject, told):
            return f"it runs on another size; if it is meant for that, add: --input {_text(told)}"
    for shape in _of_rank(subject, not is_map):
        if _runs(subject, shape):
            kind, family = ("tokens", "tokens") if is_map else ("a feature map", "map")
            return (
                f"it runs on {kind}, {_text(shape)}, which this spec does not take; if it is "
                f"meant for that: attncheck audit {family}"
            )
    return ""


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
