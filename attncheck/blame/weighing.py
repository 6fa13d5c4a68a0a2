"""The lines that make attention scores and weights."""

from __future__ import annotations

from collections.abc import Iterable

from attncheck.blame.layers import made_for
from attncheck.data.report import Location
from attncheck.source.operations import matrix_product
from attncheck.source.paired import inputs_with_masks, traced
from attncheck.source.places import Blame, at_step
from attncheck.source.remarks import attention_call, sigmoid, softmax
from attncheck.source.tracing import Step
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def scores(trial: Trial, outcome: Outcome) -> Blame | None:
    """The lines that make attention scores and weights."""
    run = traced(trial, trial.module(), inputs_with_masks(trial))
    steps = list(_once(run.steps))
    weighing = [s for s in steps if s.statement and softmax_step(s)]
    weighing = weighing or [s for s in steps if s.statement and _sigmoid_before_product(s, steps)]
    scoring = [s for s in steps if s.statement and matrix_product(s.statement)]
    fused = [s for s in steps if s.statement and attention_call(s.statement)]
    first = (weighing or fused or scoring)[:1]
    if not first:
        return None
    places: list[Location] = []
    for step in first:
        note = (
            "the attention weights are made here"
            if step in weighing
            else ("the scores are made here")
        )
        places += [at_step(step, note), *made_for(step)]
    if scoring and weighing:
        places.append(at_step(scoring[0], "the scores are made here"))
        places += made_for(scoring[0])
    return Blame(places[0], places[1:])


def softmax_step(step: Step) -> bool:
    """Say whether a step's line applies a softmax, under whatever name."""
    statement = step.statement
    if statement is None:
        return False
    return softmax(statement) or any("softmax" in a.lower() for a in statement.attributes)


def _once(steps: Iterable[Step]) -> Iterable[Step]:
    seen: set[tuple[str, int]] = set()
    for step in steps:
        if step.at not in seen:
            seen.add(step.at)
            yield step


def _sigmoid_before_product(step: Step, steps: list[Step]) -> bool:
    """Say whether a line's sigmoid makes what a later line takes a product of matrices with."""
    if step.statement is None or not sigmoid(step.statement):
        return False
    made = {name.split("[")[0] for name in step.values}
    return any(
        s.statement is not None and matrix_product(s.statement) and made & s.statement.reads
        for s in steps
        if s.frame == step.frame
    )
