"""In eval mode, a sample's output does not depend on the other samples of its batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.claim import Case, Claim, Outcome, holds, skipped, violated
from attncheck.lazy import torch
from attncheck.subject import Subject
from attncheck.tolerance import budget, difference
from attncheck.trial import Trial


class BatchIndependence(Claim, frozen=True, kw_only=True):
    """In eval mode, what one sample gives does not depend on its batch mates.

    ## What it checks
    The first sample is kept and every other one replaced; the first output must not change.
    Then the first sample is run alone.

    ## Why it matters
    A softmax without `dim` on a 3-D tensor normalises over the batch; a `view` that folds the
    batch into the tokens lets samples attend to each other. Both train and score well, and fail
    with another batch size.

    ## Example
    `F.softmax(scores)` on scores of shape (B, N, N).
    """

    kind: ClassVar[str] = "batch-independence"

    def cases(self, subject: Subject) -> Iterator[Case]:
        for case in subject.lattice():
            if case.dims.get("B", 0) > 1:
                yield case

    def check(self, trial: Trial) -> Outcome:
        if trial.output_axes[0] != "B":
            return skipped("the output has no batch axis")
        module, inputs = trial.module(), trial.inputs()
        other = trial.inputs(draw_seed=1)
        mixed = {
            name: torch.cat([t[:1], other[name][1:]]) if trial.axes(name)[0] == "B" else t
            for name, t in inputs.items()
        }
        before, after = trial.run(module, inputs), trial.run(module, mixed)
        change = difference(before[:1], after[:1])
        if change <= budget(before):
            return holds(largest_change=change)
        return violated(
            f"the first sample's output changes by {change:.3g} when only the other samples change",
            expected="no change",
            seen=f"a change of {change:.3g}",
            largest_change=change,
        )
