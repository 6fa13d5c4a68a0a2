"""Sizes that get lost on the way to the output, and inputs that are rebound."""

from __future__ import annotations

from attncheck.data.report import Location
from attncheck.source.operations import multiplies, operand_twice
from attncheck.source.paired import inputs_with_masks, traced
from attncheck.source.places import Blame, at_statement, at_step
from attncheck.source.statements import bound_before, function_around, rebound, span
from attncheck.source.tracing import RETURNED, Step
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def sizes_lost(trial: Trial, outcome: Outcome) -> Blame | None:
    """The first line that makes the sizes which the output should not have."""
    run = traced(trial, trial.module(), inputs_with_masks(trial))
    if run.output is None or not run.steps:
        return None
    got = tuple(run.output.main.shape)
    wanted = trial.sizes(trial.output_axes)
    given = trial.sizes(trial.axes())
    wrong = [g for g, w in zip(got, wanted, strict=False) if g != w]
    lost = [w for i, w in enumerate(wanted) if i >= len(got) or got[i] != w]
    path = _slice(run.steps)
    places: list[Location] = []
    for step in path:
        for name, value in step.values.items():
            shape = value.shape
            if value.number or shape == given or len(shape) < min(2, len(got)):
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
    said = using_rebound(last)
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
    return Blame(at_step(step))


def what_goes_in(step: Step) -> list[Location]:
    """Return the lines that bound the names which a step's line reads, latest first."""
    if step.statement is None:
        return []
    found = bound_before(step.path, step.statement)
    return [at_statement(step.path, s, f"`{name}` comes from here") for name, s in found]


def using_rebound(step: Step | None) -> Blame | None:
    """Say so where a product uses an argument's name after it was rebound."""
    statement = step.statement if step else None
    if step is None or statement is None or not multiplies(statement):
        return None
    scope = function_around(step.path, statement.line)
    for name in [a.arg for a in scope.args.args] if scope else []:
        lines = rebound(step.path, statement, name)
        if name == "self" or name not in statement.reads or not lines:
            continue
        note = f"`{name}` was rebound at {span(lines)}"
        if operand_twice(statement) == name:
            note += ": it meets itself, and the input is not used again"
        else:
            note += ": this product does not see the input"
        said = f"`{name}` is no longer the input from here on"
        return Blame(at_step(step, note), [at_statement(step.path, lines[0], said)])
    return None


def product(trial: Trial, outcome: Outcome) -> Blame | None:
    """The last line that multiplies: where a gate should meet the input."""
    run = traced(trial, trial.module(), inputs_with_masks(trial))
    path = _slice(run.steps)
    products = [s for s in path if s.statement and multiplies(s.statement)]
    if not products:
        return None
    step = products[-1]
    said = using_rebound(step)
    if said is not None:
        return said
    return Blame(at_step(step, "the product that should gate the input"), what_goes_in(step))
