"""A mask works in half precision: nothing overflows, everything stays finite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from attncheck.instruments.attention.masks import encode, query_rows, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.signature.masks import key_axis
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class HalfMasks(Claim, frozen=True, kw_only=True):
    """With a mask, the module runs and stays finite in float16 and bfloat16.

    ## What it checks
    The module and its inputs in half precision, some keys hidden. It must not raise because a
    number does not fit, and the outputs of valid queries must be finite. What the machine itself
    cannot do in half precision is not held against the module.

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
        full = trial.with_case(dtype=trial.subject.dtype)
        ways, _ = ways_of(trial.subject, full)
        if not ways:
            return skipped("forward takes no mask whose meaning is known")
        for way in ways:
            masked = Trial(way.applied(trial.subject), trial.case)
            hidden = some_hidden(way, masked)
            mask = encode(hidden, way, masked)
            try:
                output = masked.run(masked.module(), {**masked.inputs(), way.argument.input: mask})
            except SubjectError as error:
                return self._raised(error, trial.case.dtype, way.describe())
            padded = len(masked.subject.convention.inputs) == 1 and not query_rows(way)
            rows = output.shape[:2] == hidden[:, 0].shape  # not those of queries of its own
            seen = output[~hidden[:, 0]] if padded and rows and output.ndim > 2 else output
            wanted = full_output(full, masked, way.argument.input, encode(hidden, way, full))
            if wanted and not bool(seen.isfinite().all()):
                return violated(
                    f"in {trial.case.dtype} the output is not finite where {way.describe()} hides "
                    "some keys",
                    expected="finite, as in full precision",
                    seen=f"{int((~seen.isfinite()).sum())} of {seen.numel()} numbers are not",
                )
        return holds(f"{trial.case.dtype}: " + "; ".join(way.describe() for way in ways))

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


def full_output(full: Trial, masked: Trial, name: str, mask: object) -> bool:
    """Say whether the same call is finite in full precision."""
    trial = Trial(masked.subject, full.case)
    output = trial.run(trial.module(), {**trial.inputs(), name: mask})  # type: ignore[dict-item]
    return bool(output.isfinite().all())
