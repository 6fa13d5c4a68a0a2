"""A map of one pixel, or a sequence of one token, works too."""

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

_POOLED_AWAY = "Output size is too small"  # torch's words for a pooling of nothing


class OnePixel(Claim, frozen=True, kw_only=True):
    """One pixel, or one token, gives a finite output.

    ## What it checks
    A map of 1 × 1, or sequences of length one, in eval mode: nothing is raised and the output is
    finite. Sizes that the constructor fixes stay as they are. A module that takes multiples of a
    window only is not asked, nor one that pools 2×2 blocks: one pixel holds none.

    ## Why it matters
    Small images end in maps of one pixel; a decoder starts with one token. A standard deviation
    of one value is NaN.

    ## Example
    A variance divided by `h * w - 1`.
    """

    kind: ClassVar[str] = "one-pixel"
    limit: ClassVar[str] = "one-pixel"
    located_by: ClassVar[tuple[str, ...]] = ("nonfinite",)
    turn: ClassVar[int] = 40

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        sizes = {"H", "W", "N", "M"} & subject.variable
        if sizes:
            case = subject.base(dims=dict.fromkeys(sizes, 1))
            if subject.in_domain(case.dims):
                yield case

    def check(self, trial: Trial) -> Outcome:
        sizes = {"H", "W", "N", "M"} & set(trial.dims) & trial.subject.variable
        if any(trial.dims[name] != 1 for name in sizes):
            return skipped("the sizes are not one")
        what = "one pixel" if "H" in sizes or "W" in sizes else "one token"
        try:
            with torch.no_grad():
                output = trial.run(trial.module(train=False), trial.inputs())
        except SubjectError as error:
            if _is_particular(trial, sizes):
                return skipped(f"the module takes some sizes only, and not one: {error}")
            if _POOLED_AWAY in str(error) and _runs(trial, dict.fromkeys(sizes, 2)):
                return skipped(f"the module pools blocks of two, and one is too few: {error}")
            return violated(
                f"{what}: {error}", expected="a finite output", seen=type(error.error).__name__
            ).at(where_raised(error.error))
        bad = int((~output.isfinite()).sum())
        if bad:
            return violated(
                f"{what}: {bad} of {output.numel()} outputs are NaN or infinite",
                expected="a finite output",
                seen="NaN or infinity",
            )
        return holds()


def _is_particular(trial: Trial, sizes: set[str]) -> bool:
    """Say whether the module refuses one more than its base size too, as windowed ones do."""
    base = trial.subject.base()
    return not _runs(trial, {name: base.dims[name] + 1 for name in sizes})


def _runs(trial: Trial, dims: dict[str, int]) -> bool:
    other = trial.with_case(dims=dims)
    try:
        with torch.no_grad():
            other.run(other.module(train=False), other.inputs())
    except SubjectError:
        return False
    return True
