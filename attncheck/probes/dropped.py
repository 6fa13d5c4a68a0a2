"""Dropout falls on attention weights, not on logits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.drops import drops_of, rates_of
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class Dropped(Claim, frozen=True, kw_only=True):
    """While it trains, a module drops weights and values, and never the logits of a softmax.

    ## What it checks
    One call in training mode is watched, with every dropout at work. What a dropout leaves must
    not go into a softmax or an exponential as logits, with only scales, biases and masks between:
    a logit of 0 hides no key, it gives it an ordinary weight.

    ## Why it matters
    In eval mode the two are the same, so no comparison of outputs shows it: the module trains with
    noise in its weights instead of with fewer keys.

    ## Example
    `self.dropout(scores).softmax(-1)`. Write `self.dropout(scores.softmax(-1))`.
    """

    kind: ClassVar[str] = "dropped"
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 260

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        try:
            found = drops_of(trial, rates_of(trial))
        except SubjectError:
            return skipped("it cannot be called in training mode with a rate of our own")
        if not found:
            return skipped("nothing is dropped")
        wrong = next((drop for drop in found if drop.on_logits), None)
        if wrong is None:
            return holds()
        outcome = violated(
            "dropout comes before the softmax, on its logits: a dropped logit is 0 and hides no "
            "key, it only gives it another weight",
            expected="dropout on the weights that the softmax gives",
            seen="dropout on its logits",
        )
        return outcome.at(wrong.location)
