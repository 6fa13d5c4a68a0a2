"""Answers that differ between equal calls."""

from __future__ import annotations

from attncheck.blame.layers import made_for
from attncheck.source.paired import differs, inputs_with_masks, side_by_side, traced, values_of
from attncheck.source.places import Blame, at_step
from attncheck.source.remarks import random_draw
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def repeats(trial: Trial, outcome: Outcome) -> Blame | None:
    """Call the module twice, each time with another seed: the first line that differs."""
    module, inputs = trial.module(), inputs_with_masks(trial)
    first = traced(trial, module, inputs, seed=1)
    second = traced(trial, module, inputs, seed=2)
    for steps in side_by_side(first, second):
        for name, (a, b) in values_of(steps):
            changed = differs(a.tensor, b.tensor)
            if changed is None or bool(changed.any()):
                step, statement = steps[0], steps[0].statement
                what = (
                    "a random tensor is drawn here"
                    if statement and random_draw(statement)
                    else (
                        f"two equal calls differ from this line on, in `{name.split('[')[0]}`"
                        if name != "return"
                        else "two equal calls differ from this line on"
                    )
                )
                return Blame(at_step(step, what), made_for(step))
    return None
