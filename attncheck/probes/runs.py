"""``forward`` and ``backward`` run for every size of the spec's domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from attncheck.data.formula import evaluate
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_SIZES = ("H", "W", "N", "M")


class Runs(Claim, frozen=True, kw_only=True):
    """The module can be called, and trained, wherever the spec defines the mechanism.

    ## What it checks
    Forward and backward in eval mode over the lattice of cases: batch of one and of several,
    height unlike width, odd, small and large sizes. Nothing may be raised. With `at` only at
    these dims, such as `{ C2 = "2*C" }` where input and output widths are separate arguments.
    With `sizes = false` heights, widths and lengths stay as they are: a family contract holds for
    modules that take multiples of a window, and `any-size` tells of those.

    ## Why it matters
    A pooled map whose padding does not match its dilation runs at 7×7 and raises at 8×8; writing
    into the outputs of `split` runs until autograd records.

    ## Example
    `y.view(b, c, 1, 1)` after a pooling that leaves 2×2.
    """

    kind: ClassVar[str] = "runs"
    needs_call: ClassVar[bool] = False
    watches: ClassVar[Literal["", "constructor", "forward"]] = "forward"
    located_by: ClassVar[tuple[str, ...]] = ("typed sizes",)
    turn: ClassVar[int] = 10
    faults: ClassVar[tuple[str, ...]] = (
        "channel_argument",
        "device_hard_coded",
        "hw_transposed",
        "mask_dtype",
        "size_hard_coded",
        "view_not_permute",
    )

    at: dict[str, int | str] = {}  # noqa: RUF012 (msgspec copies it)
    """Dims, numbers or formulas over the others, at which it must run."""
    sizes: bool = True
    """Whether heights, widths and lengths vary; without, only the base case's are tried."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        if self.at:
            dims = {name: int(evaluate(size, subject.dims)) for name, size in self.at.items()}
            yield subject.base(dims=dims)
        else:
            for case in subject.lattice():
                if self.sizes or all(case.dims.get(n) == subject.dims.get(n) for n in _SIZES):
                    yield case

    def check(self, trial: Trial) -> Outcome:
        try:
            module, inputs = trial.module(), trial.inputs()
            for tensor in inputs.values():
                tensor.requires_grad_(tensor.is_floating_point())
            output = trial.run(module, inputs)
            if output.requires_grad:
                with blamed("backward"):
                    output.square().sum().backward()  # type: ignore[no-untyped-call]
        except SubjectError as error:
            outcome = violated(str(error), expected="no exception", seen=type(error.error).__name__)
            return outcome.at(where_raised(error.error))
        return holds()
