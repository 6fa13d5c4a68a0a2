"""Dropout is as frequent as the constructor says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.drops import drops_of, rates_of
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class DropoutRate(Claim, frozen=True, kw_only=True):
    """While it trains, a module drops as often as its constructor is told.

    ## What it checks
    Each rate that the constructor takes is set to a number of its own, and some dropout of a call
    in training mode must have it. One that has another is named. A layer may have reasons of its
    own, so it is told, and no fault.

    ## Why it matters
    A rate that nobody reads is searched for in vain: every run of the search trains the same.

    ## Example
    `F.dropout(weights, 0.5, self.training)` in a class that takes `dropout=0.1`.
    """

    kind: ClassVar[str] = "dropout-rate"
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 261

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        if not (rates := rates_of(trial)):
            return skipped("the constructor takes no rate of dropout")
        try:
            found = drops_of(trial, rates)
        except SubjectError:
            return skipped("it cannot be called in training mode with a rate of our own")
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
