"""What the module does to a channel is the same at every position."""

from __future__ import annotations

import math
from typing import ClassVar

from attncheck.instruments.behaviour.axes import indices, places_of
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.tolerance import budget
from attncheck.subject.trial import Trial

_FEWEST = 3
"""Positions through which any line can be drawn, and one more."""


class SameEverywhere(Claim, frozen=True, kw_only=True):
    """What the module does to a channel is the same at every position: y = a·x + b.

    ## What it checks
    On a varied input, output against input, channel by channel, over the positions: all must lie
    on one straight line, whose slope a and height b may differ from channel to channel and from
    sample to sample. So a context, once found, is added to or multiplied with every position
    alike.

    ## Why it matters
    One context for all queries is what makes a global context block cheap. A softmax over an axis
    of size one, or a context that is never pooled, gives each position its own, at equal shapes.

    ## Example
    `x + transform(x * weights)` without the sum over positions.
    """

    kind: ClassVar[str] = "same-everywhere"
    says: ClassVar[str] = "function"

    def check(self, trial: Trial) -> Outcome:
        if trial.case.values == "ones":
            return skipped("all positions of this input are alike")
        inputs = trial.inputs()
        x, axes = inputs[trial.main], trial.axes()
        y = trial.run(trial.module(), inputs).detach()
        if y.shape != x.shape:
            return undecided(f"the output has shape {tuple(y.shape)}, the input {tuple(x.shape)}")
        places = indices(axes, places_of(axes))
        if math.prod(x.shape[i] for i in places) < _FEWEST:
            return skipped("a line runs through any two positions")
        aside, above = x - x.mean(places, keepdim=True), y - y.mean(places, keepdim=True)
        slope = (aside * above).sum(places, keepdim=True) / aside.square().sum(places, keepdim=True)
        off = float((above - slope * aside).abs().max())
        if off <= budget(y, slope * x):
            return holds()
        return violated(
            "positions of one channel are treated differently: output against input is no line",
            expected="y = a·x + b with one a and one b per sample and channel",
            seen=f"a position lies {off:.2g} off the line",
        )
