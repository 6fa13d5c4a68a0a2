"""The subject's line that stands for a mutant's edit: where it first makes the mutant's values."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from attncheck.blame.gradients import gradient_cut
from attncheck.data.report import Location
from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.comparison import Probe
from attncheck.equivalence.marks import Mark, mark, steps_of
from attncheck.lazy import torch
from attncheck.mutation.mutant import Mutant
from attncheck.source.paired import traced
from attncheck.source.places import place
from attncheck.source.reading import made_by
from attncheck.source.tracing import Step
from attncheck.subject.claim import violated
from attncheck.subject.raising import SubjectError

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_MOST_RELATED = 5


def locate(
    mechanism: Mechanism, mutant: Mutant, binding: Assignment, probe: Probe
) -> tuple[Location | None, tuple[Location, ...]]:
    """Return the subject's line for the edit, and the next lines that carry its consequence.

    The mutant's steps and the subject's lines are matched by what they compute, up to shape and
    order of axes. The edit is where the subject first makes what the edited step makes; its
    consequence where it first makes a value that the reference never makes.
    """
    try:
        module = probe.module()
        steps = traced(probe.trial, module, probe.inputs).steps
    except SubjectError:
        return None, ()
    ours = steps_of(mechanism.function, mechanism, binding, probe, module)
    theirs = steps_of(mutant.function, mechanism, binding, probe, module)
    right = {mark for _, mark in ours}
    line = mutant.line - mutant.definition.first_line + 1
    edited = [mark for at, mark in theirs if at == line]
    wrong = [mark for _, mark in theirs if mark not in right]
    if not wrong:  # the edit changes gradients alone
        stops = gradient_cut(probe.trial, violated(mutant.mistake))
        return (stops.location, tuple(stops.related)) if stops else (None, ())
    first_wrong = _first(steps, wrong)
    here = _first(steps, [mark for mark in edited if mark not in right])
    kept = None
    if here is None:
        # The edit only moves or keeps values: the last line that has them before they go wrong,
        # and the first, where a step that is missing would stand.
        here = _last(steps[:first_wrong], edited)
        kept = _first(steps[:first_wrong], edited)
    following = None if first_wrong is None else _first(steps, wrong, first_wrong + 1)
    # Between the two nothing differs yet: the last of what follows from the edit.
    unseen = (
        None if here == first_wrong else _last(steps[:first_wrong], _until(theirs, line, wrong))
    )
    found = [index for index in (here, first_wrong, unseen, kept, following) if index is not None]
    places: dict[int, Location] = {}
    for number, index in enumerate(found):
        note = f"here it has {mutant.mistake}" if number == 0 else "from here on values differ"
        places.setdefault(steps[index].line, place(steps[index].path, steps[index].line, note))
    for caller in () if first_wrong is None else _callers(steps, first_wrong):
        places.setdefault(caller.line, place(caller.path, caller.line, "called from here"))
    for made in _layers(mutant, binding, module):
        places.setdefault(made.line, made)
    lines = list(places.values())
    return (lines[0], tuple(lines[1 : 1 + _MOST_RELATED])) if lines else (None, ())


def _first(steps: list[Step], marks: list[Mark], start: int = 0) -> int | None:
    """Return the first line from ``start`` on that makes any of these values."""
    wanted = set(marks)
    return next((i for i in range(start, len(steps)) if wanted & _made(steps[i])), None)


def _last(steps: list[Step], marks: list[Mark]) -> int | None:
    """Return the last line that makes any of these values."""
    wanted = set(marks)
    return next((i for i in reversed(range(len(steps))) if wanted & _made(steps[i])), None)


def _until(values: list[tuple[int, Mark]], line: int, wrong: list[Mark]) -> list[Mark]:
    """Return what a mutant makes from its edited line on, as long as the reference makes it too."""
    following = itertools.dropwhile(lambda made: made[0] != line, values)
    return [mark for _, mark in itertools.takewhile(lambda made: made[1] not in wrong, following)]


def _callers(steps: list[Step], index: int) -> Iterator[Step]:
    """Yield the lines that called the function of a step, inmost first; they end after it."""
    frame = steps[index].frame
    for step in steps[index + 1 :]:
        if step.frame < frame:
            frame = step.frame
            yield step


def _layers(mutant: Mutant, binding: Assignment, module: torch.nn.Module) -> Iterator[Location]:
    """Yield where the layers of the edited step are made, or that of the step before it."""
    line = mutant.line - mutant.definition.first_line + 1
    statements = list(mutant.definition.statements())
    at = next((n for n, s in enumerate(statements) if s.lineno == line), len(statements) - 1)
    before = statements[: at + 1]
    for statement in reversed(before):
        named = [
            node.attr
            for node in ast.walk(statement)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "p"
        ]
        for slot in named:
            if slot in binding.parts:
                owner = binding.parts[slot].unit.owner
                if made := made_by(module, owner, "its layer is made here"):
                    yield made
        if named:
            return


def _made(step: Step) -> set[Mark]:
    return {mark(value.tensor) for value in step.values.values()}
