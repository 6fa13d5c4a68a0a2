"""The module runs under automatic mixed precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.axes import draws_at_random, training_case
from attncheck.instruments.behaviour.precision import allowed_error, is_missing_kernel
from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import difference
from attncheck.subject.trial import Trial


class Autocast(Claim, frozen=True, kw_only=True):
    """Under `torch.autocast` the module runs and gives what it gives without, but for rounding.

    ## What it checks
    A float32 module with float32 inputs under `torch.autocast` (bfloat16 on CPU), with and
    without gradient: nothing is raised, what was finite stays so, and in eval mode the output lies
    beside that of float32 as claim `dtype` says of bfloat16.

    ## Why it matters
    Mixed precision is how models are trained: some operators answer in the lower precision,
    others do not, and a module that writes one into the other raises.

    ## Example
    `out[:, mask] = self.proj(x)` where `out` was made in float32.
    """

    kind: ClassVar[str] = "autocast"
    limit: ClassVar[str] = "autocast"
    uses: ClassVar[tuple[str, ...]] = ("amp", "train", "yolo", "hf")
    located_by: ClassVar[tuple[str, ...]] = ("dtype", "nonfinite")
    turn: ClassVar[int] = 280
    faults: ClassVar[tuple[str, ...]] = ("dtype_overflow",)

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base(dtype="float32")
        yield training_case(subject, dtype="float32")

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(), trial.inputs()
        try:
            plain = trial.run(trial.module(), inputs)
            with torch.autocast(trial.case.device.split(":")[0], dtype=torch.bfloat16):
                output = trial.run(module, inputs)
        except SubjectError as error:
            if is_missing_kernel(error.error):
                return undecided(f"torch cannot compute this in bfloat16 here: {error}")
            return violated(
                f"under autocast: {error}",
                expected="no exception",
                seen=type(error.error).__name__,
            ).at(where_raised(error.error))
        bad = int((~output.isfinite()).sum())
        if bad and bool(plain.isfinite().all()):
            return violated(
                f"under autocast {bad} of {output.numel()} outputs are NaN or infinite",
                expected="finite numbers, as without autocast",
                seen=f"{bad} NaN or infinite outputs",
            )
        return holds() if trial.case.train else self._off(trial, plain, output)

    def _off(self, trial: Trial, plain: torch.Tensor, output: torch.Tensor) -> Outcome:
        """Hold the output against that of float32, where nothing is drawn at random."""
        if plain.shape != output.shape or draws_at_random(trial, trial.module()):
            return holds()
        half = trial.with_case(dtype="bfloat16")
        exact = plain.detach().double()
        off = difference(output.double(), exact)
        allowed = allowed_error(half, trial.module(), trial.inputs(), exact, off)
        if not off > allowed:
            return holds(largest_error=off, allowed=allowed)
        return violated(
            f"under autocast the output is off by {off:.3g}; rounding explains {allowed:.3g}",
            expected=f"an error of at most {allowed:.3g}",
            seen=f"{off:.3g}",
            dtypes=["bfloat16"],
        )
