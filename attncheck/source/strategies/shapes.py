"""Sizes that get lost on the way to the output, and inputs that are rebound."""

from __future__ import annotations

from attncheck.claim import Outcome
from attncheck.report import Location
from attncheck.source.bindings import bound_before, rebound, span
from attncheck.source.definition import source_of
from attncheck.source.operations import multiplies, operand_twice
from attncheck.source.paired import inputs_with_masks, traced
from attncheck.source.places import Blame, at_statement, at_step
from attncheck.source.tracing import RETURNED, Step
from attncheck.trial import Trial


def sizes_lost(trial: Trial, outcome: Outcome) -> Blame | None:
    """The first line that makes the sizes which the output should not have."""
    run = traced(trial, trial.module(), inputs_with_masks(trial))
    if run.output is None or not run.steps:
        return None
    got = tuple(run.output.main.shape)
    wanted = trial.sizes(trial.output_axes)
    given = {tuple(t.shape) for t in inputs_with_masks(trial).values()}
    wrong = [g for g, w in zip(got, wanted, strict=False) if g != w]
    lost = [w for i, w in enumerate(wanted) if i >= len(got) or got[i] != w]
    path = _slice(run.steps)
    places: list[Location] = []
    for step in path:
        for name, value in step.values.items():
            shape = value.shape
            if value.number or shape in given or len(shape) < min(2, len(got)):
                continue
            missing = [n for n in lost if n not in shape]
            if (missing or not lost) and (
                not wrong or all(w in shape for w in wrong) or len(shape) < len(wanted)
            ):
                what = "the result" if name == RETURNED else f"`{name.split('[')[0]}`"
                shown = "×".join(map(str, shape)) or "a number"
                places.append(at_step(step, f"{what} is {shown} after this line"))
                break
        if places:
            break
    last = last_step(run.steps)
    said = using_rebound(trial, last)
    if said is not None:
        return Blame(said.location, [*places, *said.related])
    return Blame(places[0], [at_step(last)] if last else []) if places else None


def _slice(steps: list[Step]) -> list[Step]:
    """Return the steps whose names lead to what was returned, by reading the names back."""
    needed: dict[int, set[str]] = {}
    kept: list[Step] = []
    for step in reversed(steps):
        statement = step.statement
        if statement is None:
            continue
        wanted = needed.setdefault(step.frame, set())
        made = {n.split("[")[0].split(".")[0] for n in step.values}
        if statement.returns or RETURNED in step.values or made & wanted:
            kept.append(step)
            wanted |= statement.reads
    return kept[::-1]


def last_step(steps: list[Step]) -> Step | None:
    """Return the step that returned the output."""
    return next((s for s in reversed(steps) if RETURNED in s.values), None)


def returned(trial: Trial, outcome: Outcome) -> Blame | None:
    """The line that returned the output."""
    run = traced(trial, trial.module(), inputs_with_masks(trial))
    step = last_step(run.steps)
    if step is None:
        return None
    return using_rebound(trial, step) or Blame(at_step(step))


def what_goes_in(step: Step) -> list[Location]:
    """Return the lines that bound the names which a step's line reads, latest first."""
    if step.statement is None:
        return []
    found = bound_before(step.path, step.statement)
    return [at_statement(step.path, s, f"`{name}` comes from here") for name, s in found]


def using_rebound(trial: Trial, step: Step | None) -> Blame | None:
    """Say so where the returning line uses the input's name after it was rebound."""
    if step is None or step.statement is None:
        return None
    found = source_of(trial.subject)
    function = getattr(found, "forward", found)
    names = [a.parameter for a in trial.subject.convention.arguments if a.axes and not a.meaning]
    for name in names:
        lines = [s for s in rebound(function, name) if s.line < step.line]
        if not lines or name not in step.statement.reads:
            continue
        note = f"`{name}` was rebound at {span(lines)}"
        twice = operand_twice(step.statement)
        if twice == name:
            note = f"`{name} * {name}`: {note}, the value meets itself and not the input"
        elif multiplies(step.statement):
            note += ": this product does not see the input"
        path = step.path
        return Blame(at_step(step, note), [at_statement(path, s) for s in (lines[-1], lines[0])])
    return None


def product(trial: Trial, outcome: Outcome) -> Blame | None:
    """The last line that multiplies: where a gate should meet the input."""
    run = traced(trial, trial.module(), inputs_with_masks(trial))
    path = _slice(run.steps)
    products = [s for s in path if s.statement and multiplies(s.statement)]
    if not products:
        return None
    step = products[-1]
    said = using_rebound(trial, step)
    if said is not None:
        return said
    return Blame(at_step(step, "the product that should gate the input"), what_goes_in(step))
