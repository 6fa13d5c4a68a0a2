"""What the module adds or returns differs from position to position."""

from __future__ import annotations

from typing import ClassVar

from attncheck.instruments.behaviour.axes import indices, places_of
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.tolerance import budget
from attncheck.subject.trial import Trial


class PerPosition(Claim, frozen=True, kw_only=True):
    """The module tells positions apart: neither its output nor what it adds is one constant.

    ## What it checks
    On a varied input, the output over its positions, and the output minus the input where both
    have one shape. Either constant over positions is a violation.

    ## Why it matters
    A branch that is pooled on its way adds the same number to every pixel of a channel: it looks
    like a residual block and has no local part.

    ## Example
    `x + conv(gate(x))` with a gate of size 1×1.
    """

    kind: ClassVar[str] = "per-position"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("sizes lost", "spread")
    turn: ClassVar[int] = 90

    def check(self, trial: Trial) -> Outcome:
        if trial.case.values == "ones":
            return skipped("all positions of this input are alike")
        inputs = trial.inputs()
        x, axes, out = inputs[trial.main], trial.axes(), trial.output_axes
        y = trial.run(trial.module(), inputs).detach()
        places = indices(out, places_of(out))
        own = indices(axes, places_of(axes))
        if all(x.shape[i] == 1 for i in own):
            return skipped("the input has a single position")
        if y.ndim != len(out) or all(y.shape[i] == 1 for i in places):
            return violated(
                f"the output has the shape {tuple(y.shape)}: it has no positions",
                expected="a value per position",
                seen=str(tuple(y.shape)),
            )
        for name, part in (
            ("returns", y),
            ("adds to its input", y - x if y.shape == x.shape else y),
        ):
            spread = float((part.amax(places) - part.amin(places)).max())
            if spread <= budget(y, x):
                return violated(
                    f"the module {name} one constant per sample and channel, the same at every "
                    "position",
                    expected="a value per position",
                    seen=f"largest difference between positions: {spread:.2g}",
                )
        return holds()
