"""When the input is changed in a stated way, the output, or the gate, stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.claim import Case, Claim, Outcome, holds, skipped, violated
from attncheck.measuring.gating import NoGateError, Observed, projects
from attncheck.measuring.moving import NothingToMoveError, moved, moving_cases
from attncheck.measuring.symmetries import NAMES
from attncheck.subject import Subject
from attncheck.trial import Trial


class Invariant(Claim, frozen=True, kw_only=True):
    """A change of the input leaves the output, or the gate, as it was.

    ## What it checks
    Under random parameters, the observation on T x against that on x. `to` names T: `pixel
    permutation`, `token permutation`, `row permutation`, `column permutation`, `channel
    permutation`, `batch permutation`, `flip H`, `flip W`, `flip`, `transposition`,
    `translation`, `repetition` (a larger input made of copies), `shift` (x + c), `channel shift`
    (x + c per channel), `sign` (−x), `scale` (c·x), `scale of large values` (where small constants
    do not count). `of` says what stays: `output`, `gate` (y / x), `channel gate` or `spatial gate`
    (one factor of a product of gates). `input` names the inputs that are changed alike
    (`"key + value"`), the main one by default.

    ## Why it matters
    A squeeze over positions makes a gate that no order of pixels can change; a window of fixed
    size in its place does not. Attention does not see the order of its memory.

    ## Example
    `x[..., :7, :7].mean((2, 3))` as the squeeze, under `to = "pixel permutation"`.
    """

    kind: ClassVar[str] = "invariant"

    to: str
    """The change."""
    of: Observed = "output"
    """What stays the same."""
    input: str = ""
    """The inputs that are changed, joined by ' + '."""

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
                change, allowed = pair.difference(alike=False)
                worst = max(worst, change)
                if change <= allowed:
                    continue
                if self.of != "output" and projects(trial.subject):
                    return skipped("channels are projected after the gate: y / x shows none")
                return violated(
                    f"under {self.to} of the input the {self.of} changes by {change:.3g}",
                    expected=f"the same {self.of}",
                    seen=f"a change of {change:.3g}",
                    largest_change=change,
                )
        except (NothingToMoveError, NoGateError, ValueError) as reason:
            return skipped(str(reason))
        return holds(largest_change=worst)
