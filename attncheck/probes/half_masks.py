"""A mask works in half precision: nothing overflows, and the result is that of full precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from attncheck.instruments.attention.masks import MaskWay, encode, query_rows, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.instruments.behaviour.precision import allowed_error, reference_output
from attncheck.signature.masks import key_axis
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import difference
from attncheck.subject.trial import Trial


class HalfMasks(Claim, frozen=True, kw_only=True):
    """With a mask, the module runs, stays finite and answers right in float16 and bfloat16.

    ## What it checks
    The module and its inputs in half precision, some keys hidden, then all keys of a sample. It
    must not raise because a number does not fit, and the outputs of valid queries must be finite
    where those of full precision are, and lie beside them as claim `dtype` says. What the machine
    itself cannot do in half precision is not held against the module.

    ## Why it matters
    float16 ends at 65504: filling scores with -1e9 raises there, or becomes minus infinity.

    ## Example
    `scores.masked_fill(mask, -1e9)` under float16.
    """

    kind: ClassVar[str] = "half-masks"
    limit: ClassVar[str] = "half-precision"
    uses: ClassVar[tuple[str, ...]] = ("amp", "yolo", "hf")
    located_by: ClassVar[tuple[str, ...]] = ("dtype", "nonfinite")
    turn: ClassVar[int] = 290
    faults: ClassVar[tuple[str, ...]] = ("dtype_overflow",)

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        for dtype in ("float16", "bfloat16"):
            yield msgspec.structs.replace(subject.base(), dtype=dtype)

    def check(self, trial: Trial) -> Outcome:
        if key_axis(trial.subject.convention.inputs) not in ("N", "M", "G"):
            return skipped("no keys that a mask could hide")
        ways, _ = ways_of(trial.subject, trial.with_case(dtype=trial.subject.dtype))
        if not ways:
            return skipped("forward takes no mask whose meaning is known")
        for way in ways:
            for all_of_one in (False, True):
                if (outcome := self._masked(trial, way, all_of_one=all_of_one)) is not None:
                    return outcome
        return holds(f"{trial.case.dtype}: " + "; ".join(way.describe() for way in ways))

    def _masked(self, trial: Trial, way: MaskWay, *, all_of_one: bool) -> Outcome | None:
        """Compare with full precision where some keys are hidden, or all of the first sample."""
        masked = Trial(way.applied(trial.subject), trial.case)
        hidden, name = some_hidden(way, masked), way.argument.input
        what = f"{way.describe()} hides {'all' if all_of_one else 'some'} keys"
        if all_of_one:
            hidden[0] = True
        module = masked.module()
        given = {**masked.inputs(), name: encode(hidden, way, masked)}
        try:
            output = masked.run(module, given)
        except SubjectError as error:
            return self._raised(error, trial.case.dtype, way.describe())
        padded = len(masked.subject.convention.inputs) == 1 and not query_rows(way)
        rows = output.shape[:2] == hidden[:, 0].shape  # not those of queries of its own
        real = ~hidden[:, 0] if padded and rows and output.ndim > 2 else ...
        exact = reference_output(masked, module, given)
        if exact.shape != output.shape or not bool(exact[real].isfinite().all()):
            return None
        seen = output[real]
        if not bool(seen.isfinite().all()):
            return violated(
                f"in {trial.case.dtype} the output is not finite where {what}",
                expected="finite, as in full precision",
                seen=f"{int((~seen.isfinite()).sum())} of {seen.numel()} numbers are not",
                dtype=trial.case.dtype,
            )
        # A row that sees nothing is the mean of whatever its constants leave.
        off = difference(seen.double(), exact[real])
        if all_of_one or not off > (allowed := allowed_error(masked, module, given, exact, off)):
            return None
        return violated(
            f"in {trial.case.dtype} the output is off by {off:.3g} where {what}; rounding explains "
            f"{allowed:.3g}",
            expected=f"an error of at most {allowed:.3g}",
            seen=f"{off:.3g}",
            dtype=trial.case.dtype,
        )

    def _raised(self, error: SubjectError, dtype: str, mask: str) -> Outcome:
        text = first_line(error.error)
        if "overflow" in text:
            outcome = violated(
                f"in {dtype} a constant of the mask does not fit: {text}",
                expected=f"a constant that {dtype} can hold, such as torch.finfo(dtype).min",
                seen=f"{type(error.error).__name__}: {text}",
                mask=mask,
            )
            return outcome.at(where_raised(error.error))
        return undecided(f"in {dtype} {error}")
