"""The subject's line that stands for a mutant's edit: where it first makes the mutant's values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.comparing import Probe, reference_output
from attncheck.equivalence.matching import Assignment
from attncheck.lazy import torch
from attncheck.mutation.mutant import Mutant
from attncheck.report import Location
from attncheck.source.paired import traced
from attncheck.source.places import place
from attncheck.source.tracing import Step, tracing
from attncheck.target.raising import SubjectError

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

Mark = tuple[int, float, float, float]
"""A tensor whatever its shape and order: entries, mean, mean square and largest value."""

_MUTANT = "<mutant>"


def locate(
    mechanism: Mechanism, mutant: Mutant, binding: Assignment, probe: Probe
) -> tuple[Location | None, tuple[Location, ...]]:
    """Return the subject's line for the edit, and the next lines that carry its consequence.

    The mutant's steps and the subject's lines are matched by what they compute, up to shape and
    order of axes. The edit is where the subject first makes what the edited step makes; its
    consequence where it first makes a value that the reference never makes.
    """
    try:
        module = probe.trial.module()
        steps = traced(probe.trial, module, probe.inputs).steps
    except SubjectError:
        return None, ()
    ours = _values(mechanism.function, mechanism, binding, probe, module)
    theirs = _values(mutant.function, mechanism, binding, probe, module)
    right = {mark for _, mark in ours}
    line = mutant.line - mutant.definition.first_line + 1
    edited = [mark for at, mark in theirs if at == line]
    wrong = [mark for _, mark in theirs if mark not in right]
    if not wrong:
        return None, ()  # the edit changes gradients alone
    note = f"here it has {mutant.mistake}"
    found = [
        place(step.path, step.line, note if index == 0 else "from here on values differ")
        for index, marks in enumerate((edited or wrong, wrong))
        if (step := _first(steps, marks)) is not None
    ]
    known: dict[int, Location] = {}
    for location in found:
        known.setdefault(location.line, location)
    places = list(known.values())
    return (places[0], tuple(places[1:])) if places else (None, ())


def _first(steps: list[Step], marks: list[Mark]) -> Step | None:
    """Return the first line that makes the earliest of these values that is made at all."""
    for mark in marks:
        for step in steps:
            if any(_mark(value.tensor) == mark for value in step.values.values()):
                return step
    return None


def _values(
    function: Callable[..., Any],
    mechanism: Mechanism,
    binding: Assignment,
    probe: Probe,
    module: torch.nn.Module,
) -> list[tuple[int, Mark]]:
    """Return (line of the definition, value) of every step of the definition or a mutant."""
    path = function.__code__.co_filename
    with tracing(_Only(path)) as steps:  # type: ignore[arg-type]
        reference_output(mechanism, binding, probe, module, probe.inputs, function)
    return list(_marks(steps))


def _marks(steps: list[Step]) -> Iterator[tuple[int, Mark]]:
    for step in steps:
        for value in step.values.values():
            if value.tensor.numel() > 1:
                yield step.line, _mark(value.tensor)


def _mark(tensor: torch.Tensor) -> Mark:
    t = tensor.double()
    if t.numel() == 0:
        return 0, 0.0, 0.0, 0.0
    figures = (t.mean(), t.square().mean(), t.max())
    mean, square, largest = (float(f"{float(figure):.9e}") for figure in figures)
    return t.numel(), mean, square, largest


class _Only:
    """The one file of a definition, for the tracer."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __contains__(self, path: str) -> bool:
        return path == self._path
