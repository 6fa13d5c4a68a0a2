"""Dropout falls on attention weights, not on logits, and as often as the constructor says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.drops import Drop, drops_of, rates_of
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class Dropout(Claim, frozen=True, kw_only=True):
    """While it trains, a module drops weights and values, and never the logits of a softmax.

    ## What it checks
    One call in training mode is watched, with every dropout at work. What a dropout leaves must
    not go into a softmax or an exponential as logits, with only scales, biases and masks between:
    a logit of 0 hides no key, it gives it an ordinary weight. With `rate`, each rate that the
    constructor takes is set to a number of its own, and some dropout must have it; one that has
    another is named.

    ## Why it matters
    In eval mode the two are the same, so no comparison of outputs shows it: the module trains with
    noise in its weights instead of with fewer keys.

    ## Example
    `self.dropout(scores).softmax(-1)`. Write `self.dropout(scores.softmax(-1))`.
    """

    kind: ClassVar[str] = "dropout"
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 260

    rate: bool = False
    """Ask whether the constructor's rates are heeded, not where dropout falls."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        rates = {} if trial.subject.as_it_is else rates_of(trial)
        if self.rate and not rates:
            return skipped("the constructor takes no rate of dropout")
        try:
            found = drops_of(trial, rates)
        except SubjectError:
            return skipped("it cannot be called in training mode with a rate of our own")
        if self.rate:
            return _heeded(found, rates)
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


def _heeded(found: list[Drop], rates: dict[str, float]) -> Outcome:
    heard = {round(drop.rate, 6) for drop in found}
    deaf = [name for name, rate in rates.items() if round(rate, 6) not in heard]
    if not deaf:
        return holds()
    named = " and ".join(f"'{name}'" for name in deaf)
    other = next((drop for drop in found if round(drop.rate, 6) not in rates.values()), None)
    if other is None:
        return violated(
            f"no dropout has the rate that {named} states",
            expected="a dropout of that rate in training",
            seen="none",
        )
    outcome = violated(
        f"dropout is {other.rate:g} whatever {named} says",
        expected="the constructor's rate",
        seen=f"{other.rate:g}",
    )
    return outcome.at(other.location)
