"""When the input is moved, the output moves alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.claim import Case, Claim, Outcome, holds, skipped, violated
from attncheck.measuring.gating import NoGateError, Observed, projects
from attncheck.measuring.moving import NothingToMoveError, moved, moving_cases
from attncheck.measuring.symmetries import NAMES
from attncheck.subject import Subject
from attncheck.trial import Trial


class Equivariant(Claim, frozen=True, kw_only=True):
    """What happens to the input happens to the output.

    ## What it checks
    Under random parameters, f(T x) against T f(x). `to` names T: `pixel permutation`, `token
    permutation`, `row permutation`, `column permutation`, `channel permutation`, `batch
    permutation`, `flip H`, `flip W`, `flip` (tokens), `transposition` (of a map that is not
    square), `translation` (of a small patch in the middle of zeros, looked at far from the
    borders), `repetition` (a larger input made of copies), `shift` (x + c), `channel shift` (x + c
    per channel), `sign` (−x), `scale` (c·x), `scale of large values` (where small constants do not
    count).
    `input` names the inputs that are changed alike (`"key + value"`), the main one by default;
    `of` looks at the `gate`, `channel gate` or `spatial gate` in place of the output.

    ## Why it matters
    Attention without positions cannot tell one order of tokens from another. A reshape in place
    of a permute can, and is found on the first shuffled input.

    ## Example
    `v.view(b, n, heads, d)` on a tensor of layout (b, heads, n, d).
    """

    kind: ClassVar[str] = "equivariant"

    to: str
    """The symmetry."""
    of: Observed = "output"
    """What moves alike."""
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
                change, allowed = pair.difference(alike=True)
                worst = max(worst, change)
                if change <= allowed:
                    continue
                if self.of != "output" and projects(trial.subject):
                    return skipped("channels are projected after the gate: y / x shows none")
                return violated(
                    f"under {self.to} of the input the {self.of} differs by {change:.3g} from "
                    f"the {self.of} changed alike",
                    expected=f"the {self.of} changed alike",
                    seen=f"a difference of {change:.3g}",
                    largest_change=change,
                )
        except (NothingToMoveError, NoGateError, ValueError) as reason:
            return skipped(str(reason))
        return holds(largest_change=worst)
