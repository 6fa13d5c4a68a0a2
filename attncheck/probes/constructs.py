"""The constructor makes a module for every dims of the spec's domain."""

from __future__ import annotations

from typing import ClassVar, Literal

from attncheck.source.raised import where_raised
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.trial import Trial


class Constructs(Claim, frozen=True, kw_only=True):
    """The module can be built.

    ## What it checks
    The constructor is called with arguments that follow from the spec's dims, for every case of
    the lattice. Nothing may be raised.

    ## Why it matters
    A block with a width hard-coded for one network builds there and nowhere else.

    ## Example
    `Conv2d(512, 512 // r, 1)` in a block whose argument is `channels`.
    """

    kind: ClassVar[str] = "constructs"
    needs_call: ClassVar[bool] = False
    watches: ClassVar[Literal["", "constructor", "forward"]] = "constructor"
    located_by: ClassVar[tuple[str, ...]] = ("typed sizes",)
    turn: ClassVar[int] = 0
    faults: ClassVar[tuple[str, ...]] = ("channel_argument",)

    def check(self, trial: Trial) -> Outcome:
        try:
            trial.module()
        except SubjectError as error:
            outcome = violated(str(error), expected="a module", seen=type(error.error).__name__)
            return outcome.at(where_raised(error.error))
        return holds()
