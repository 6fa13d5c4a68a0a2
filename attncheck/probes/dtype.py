"""The module computes in the precision that it is moved to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from attncheck.blame.nonfinite import overflow
from attncheck.data.report import Status
from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.instruments.behaviour.precision import (
    allowed_error,
    is_missing_kernel,
    reference_output,
)
from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.sampling import generator
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Tensors, Trial


class DType(Claim, frozen=True, kw_only=True):
    """Moved to another precision, the module runs, answers in it, and answers right.

    ## What it checks
    For each precision in `dtypes`: `module.to(dtype)` with inputs of that dtype: ordinary ones, ten
    times as large, and from 0.01 to 10 in one tensor. Nothing may be raised, the output has that
    dtype, and lies beside what float64 gives for the same rounded parameters and inputs: the
    allowed error is measured, by rounding parameters and inputs of the float64 module at random,
    and never less than the format's own resolution. What torch itself cannot compute on this device
    in that precision is left undecided. That larger inputs overflow is told, and no fault: inputs
    of size 10, 100 and 1000 are tried, and the line that overflows first is named.

    ## Why it matters
    A constant made in `forward` without a dtype is float32: the module fails, or silently
    answers in float32, as soon as the model is trained in another precision.

    ## Example
    `torch.zeros(n, n)` where `scores.new_zeros(n, n)` is meant; `-1e9` in float16.
    """

    kind: ClassVar[str] = "dtype"
    limit: ClassVar[str] = "precision"
    uses: ClassVar[tuple[str, ...]] = ("amp", "deploy", "yolo", "hf")
    located_by: ClassVar[tuple[str, ...]] = ("dtype", "unregistered", "nonfinite")
    turn: ClassVar[int] = 270
    faults: ClassVar[tuple[str, ...]] = ("dtype_overflow",)

    advice: bool = True

    dtypes: tuple[str, ...] = ("float32", "float64", "bfloat16", "float16")
    """The precisions to try: `float32`, `float64`, `bfloat16`, `float16`."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        for dtype in self.dtypes:
            yield subject.base(dtype=dtype)

    def check(self, trial: Trial) -> Outcome:
        name = trial.case.dtype
        trial = Trial(replace(trial.subject, widened=False), trial.case)  # as it is written
        module, inputs = trial.module(), trial.inputs()
        try:
            with torch.no_grad():
                output = trial.run(module, inputs)
        except SubjectError as error:
            if is_missing_kernel(error.error):
                return undecided(f"torch cannot compute this in {name} here: {error}")
            return violated(
                f"moved to {name}: {error}",
                expected=f"a module that runs in {name}",
                seen=type(error.error).__name__,
                dtype=name,
            ).at(where_raised(error.error))
        if output.dtype != trial.dtype:
            seen = str(output.dtype).removeprefix("torch.")
            return violated(
                f"moved to {name} and given {name}, it answers in {seen}",
                expected=name,
                seen=seen,
                dtype=name,
            )
        if trial.dtype in (torch.float64, getattr(torch, trial.subject.dtype)):
            return holds(dtype=name)
        wide = trial.with_case(dtype=trial.subject.dtype)  # rounding would hide the draws
        if draws_at_random(wide, wide.module()):
            return skipped("the module draws at random: another precision draws other numbers")
        outcome = _values(trial, module, inputs, output)
        if outcome.status is not Status.HOLDS:
            return outcome
        for words, scaled in _scaled(inputs):
            with torch.no_grad():
                found = _values(trial, module, scaled, trial.run(module, scaled), words)
            if found.status is Status.VIOLATED and overflow(trial, module, scaled) is None:
                return found
        narrow = torch.finfo(trial.dtype).max < 1e6
        return _told(trial, module, inputs, outcome) if narrow else outcome


def _scaled(inputs: Tensors) -> Iterator[tuple[str, Tensors]]:
    """Yield inputs that are ten times as large, and some whose numbers are far apart."""

    def apart(tensor: torch.Tensor) -> torch.Tensor:
        source = generator(5_519)
        power = torch.rand(tensor.shape, generator=source, dtype=torch.float64) * 3 - 2
        return tensor * (10**power).to(tensor)

    floating = {name: t for name, t in inputs.items() if t.is_floating_point()}
    yield "inputs of size 10", {**inputs, **{n: t * 10 for n, t in floating.items()}}
    yield "inputs from 0.01 to 10", {**inputs, **{n: apart(t) for n, t in floating.items()}}


def _told(trial: Trial, module: torch.nn.Module, inputs: Tensors, outcome: Outcome) -> Outcome:
    """Add to what holds the smallest size of inputs that overflows, and the line that does."""
    name = trial.case.dtype
    for size in (10, 100, 1000):
        large = {n: t * size if t.is_floating_point() else t for n, t in inputs.items()}
        with torch.no_grad():
            found = _values(trial, module, large, trial.run(module, large))
        if found.status is Status.SKIPPED:  # in double precision too, or nearly
            return outcome
        if found.status is not Status.VIOLATED:
            continue
        if (place := overflow(trial, module, large, f"inputs of size {size}")) is not None:
            more = {**outcome.evidence, "overflows_at": size}
            return holds(f"{name} overflows on inputs of size {size}", **more).at(place.location)
    return outcome


def _values(
    trial: Trial,
    module: torch.nn.Module,
    inputs: Tensors,
    output: torch.Tensor,
    words: str = "",
) -> Outcome:
    name = trial.case.dtype
    given = f", with {words}," if words else ""
    exact = reference_output(trial, module, inputs)
    if exact.shape != output.shape or not bool(exact.isfinite().all()):
        return skipped("the double precision result is not finite")
    if float(exact.abs().max()) > float(torch.finfo(trial.dtype).max) / 4:
        return skipped(f"the result is too large for {name}")
    error = (output.double() - exact).abs()
    if not bool(output.isfinite().all()):
        bad = int((~output.isfinite()).sum())
        return violated(
            f"in {name}{given} {bad} of {output.numel()} outputs are NaN or infinite where double "
            f"precision gives at most {float(exact.abs().max()):.3g}",
            expected="finite numbers",
            seen=f"{bad} NaN or infinite outputs",
            dtype=name,
        )
    largest = float(error.max())
    allowed = allowed_error(trial, module, inputs, exact, largest)
    if largest <= allowed:
        return holds(dtype=name, largest_error=largest, allowed=allowed)
    return violated(
        f"in {name}{given} the output is off by {largest:.3g}; rounding explains {allowed:.3g}",
        expected=f"an error of at most {allowed:.3g}",
        seen=f"{largest:.3g}",
        dtype=name,
    )
