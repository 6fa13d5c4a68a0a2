"""Training works with a single sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class BatchOfOne(Claim, frozen=True, kw_only=True):
    """The module can be trained on a batch of one sample.

    ## What it checks
    Forward and backward in training mode with B = 1 and the other dims as they are. Nothing may
    be raised, and the output is finite.

    ## Why it matters
    BatchNorm on a pooled vector has one value per channel then and refuses; so does the last,
    smaller batch of an epoch.

    ## Example
    `nn.BatchNorm2d(c)` after `nn.AdaptiveAvgPool2d(1)`.
    """

    kind: ClassVar[str] = "batch-of-one"
    limit: ClassVar[str] = "batch-of-one"
    uses: ClassVar[tuple[str, ...]] = ("train",)
    located_by: ClassVar[tuple[str, ...]] = ("nonfinite",)
    turn: ClassVar[int] = 240
    faults: ClassVar[tuple[str, ...]] = ("bn_batch_one",)

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        if "B" in subject.dims:
            yield subject.base(dims={"B": 1}, train=True)

    def check(self, trial: Trial) -> Outcome:
        trial = trial.with_case(train=True)
        module, inputs = trial.module(), trial.inputs()
        try:
            output = trial.run(module, {n: t.requires_grad_() for n, t in inputs.items()})
            if output.requires_grad:
                with blamed("backward"):
                    output.square().sum().backward()  # type: ignore[no-untyped-call]
        except SubjectError as error:
            return violated(
                f"training on a batch of one: {error}",
                expected="no exception",
                seen=type(error.error).__name__,
            ).at(where_raised(error.error))
        if not bool(output.isfinite().all()):
            return violated(
                "training on a batch of one gives NaN or infinity",
                expected="finite numbers",
                seen="NaN or infinity",
            )
        return holds()
