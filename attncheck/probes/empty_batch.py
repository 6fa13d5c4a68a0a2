"""A batch without a sample is answered with one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class EmptyBatch(Claim, frozen=True, kw_only=True):
    """A batch of no samples gives an output of none.

    ## What it checks
    The module in eval mode with B = 0 and the other dims as they are: nothing is raised, and the
    output has the shape that it should have, with no sample.

    ## Why it matters
    A detector finds nothing in an image, a router sends an expert no token, the last shard of a
    data set is empty: heads and experts are called with a batch of none.

    ## What to write instead
    - `t.reshape(b, n, heads, -1)`: torch cannot tell what `-1` is where there are no numbers; write
      `c // heads`, or `t.unflatten(-1, (heads, d))`.
    - `torch.cat([f(sample) for sample in x])`: an operation on the whole batch.
    - `x.max()` over everything: over an axis that is never empty.

    ## Example
    `self.qkv(x).reshape(b, n, 3, heads, -1)`.
    """

    kind: ClassVar[str] = "empty-batch"
    limit: ClassVar[str] = "empty-batch"
    uses: ClassVar[tuple[str, ...]] = ("deploy",)
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 241

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        if "B" in subject.variable:
            yield subject.base(dims={"B": 0})

    def check(self, trial: Trial) -> Outcome:
        form = trial.subject.convention.form
        if form is not None and form.unbatched:
            return skipped("it is called with one sample at a time")
        try:
            with torch.no_grad():
                output = trial.run(trial.module(), trial.inputs())
        except SubjectError as error:
            return violated(
                f"an empty batch: {error}",
                expected="an output without a sample",
                seen=type(error.error).__name__,
            ).at(where_raised(error.error))
        expected = trial.sizes(trial.output_axes)
        if tuple(output.shape) != expected:
            return violated(
                f"an empty batch gives {tuple(output.shape)}",
                expected=str(expected),
                seen=str(tuple(output.shape)),
            )
        return holds()
