"""What the claims of symmetries share: the input is moved, and the observation compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.gate import NoGateError, Observed, projects
from attncheck.instruments.behaviour.movement import NothingToMoveError, moved, moving_cases
from attncheck.instruments.behaviour.symmetries import NAMES
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class SymmetryClaim(Claim, frozen=True, kw_only=True):
    """The observation on a moved input: moved alike, or as it was."""

    alike: ClassVar[bool]
    """Whether the observation moves with the input."""

    to: str
    """The change of the input."""
    of: Observed = "output"
    """What is observed."""
    input: str = ""
    """The inputs that are changed alike, joined by ' + '; the main one by default."""

    def __post_init__(self) -> None:
        if self.to not in NAMES:
            raise ValueError(f"'{self.to}' is no symmetry; allowed: {', '.join(NAMES)}")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield from moving_cases(subject, self.to)

    def check(self, trial: Trial) -> Outcome:
        if trial.case.values != "normal":
            return skipped("symmetries are tried on random values")
        names = [name.strip() for name in (self.input or trial.main).split("+")]
        if absent := [name for name in names if name not in trial.subject.convention.inputs]:
            return skipped(f"the module is called without '{absent[0]}'")
        worst = 0.0
        try:
            for pair in moved(trial, self.to, self.of, names):
                change, allowed = pair.difference(alike=self.alike)
                worst = max(worst, change)
                if change <= allowed:
                    continue
                if self.of != "output" and projects(trial.subject):
                    return skipped("channels are projected after the gate: y / x shows none")
                return self._broken(change)
        except (NothingToMoveError, NoGateError, ValueError) as reason:
            return skipped(str(reason))
        return holds(largest_change=worst)

    def _broken(self, change: float) -> Outcome:
        if self.alike:
            expected, seen = f"the {self.of} changed alike", f"a difference of {change:.3g}"
            told = f"differs by {change:.3g} from the {self.of} changed alike"
        else:
            expected, seen = f"the same {self.of}", f"a change of {change:.3g}"
            told = f"changes by {change:.3g}"
        return violated(
            f"under {self.to} of the input the {self.of} {told}",
            expected=expected,
            seen=seen,
            largest_change=change,
        )
