"""Finite numbers in give finite numbers out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.hard_inputs import hard_inputs, huge_inputs
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Tensors, Trial


class Finite(Claim, frozen=True, kw_only=True):
    """Zeros, constants, large, tiny and far-off inputs give finite outputs and gradients.

    ## What it checks
    In float32, with random parameters and with the module's own initial ones: inputs that are
    all zero, all one, constant in each channel, zero in one position, one channel or one sample,
    of size 1e-6 and 10, and noise around 1000. Outputs and gradients of inputs and parameters
    must be finite. With `huge = true` inputs of size 1e3 instead, which only a network without
    normalisation gives.

    ## Why it matters
    After a ReLU whole channels are zero; padding is zero. A norm without epsilon, a variance as a
    difference of squares, an `exp` without the maximum subtracted give NaN then, and one NaN ends
    a training run.

    ## Example
    `x / x.norm(dim=-1, keepdim=True)` for a token of zeros.
    """

    kind: ClassVar[str] = "finite"
    located_by: ClassVar[tuple[str, ...]] = ("nonfinite",)
    turn: ClassVar[int] = 350
    faults: ClassVar[tuple[str, ...]] = ("dtype_overflow", "mask_inverted")

    huge: bool = False
    """Try inputs of size 1e3 alone."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base(dtype="float32", initial=True)
        yield subject.base(dtype="float32")

    def check(self, trial: Trial) -> Outcome:
        ordinary, module = trial.inputs(), trial.module()
        if what := _bad(trial, module, ordinary, gradients=True):
            return _on_ordinary_inputs(trial, what)
        hard = huge_inputs(ordinary) if self.huge else hard_inputs(trial, ordinary)
        for name, inputs in hard:
            gradients = "1000 ±" not in name
            try:
                what = _fresh(trial, module, inputs, gradients=gradients)
            except SubjectError as error:
                return violated(
                    f"with {name}: {error}",
                    expected="a finite output",
                    seen=type(error.error).__name__,
                    input=name,
                )
            if what:
                return violated(
                    f"with {name} {what}",
                    expected="finite outputs and gradients",
                    seen="NaN or infinity",
                    input=name,
                )
        return holds()


def _fresh(trial: Trial, module: torch.nn.Module, inputs: Tensors, *, gradients: bool) -> str:
    """Say what is not finite; what only a call after others raises, such as a cache, is no sign."""
    try:
        return _bad(trial, module, inputs, gradients=gradients)
    except SubjectError:
        return _bad(trial, trial.module(), inputs, gradients=gradients)


def _on_ordinary_inputs(trial: Trial, what: str) -> Outcome:
    """What fails in double precision too is no matter of a format's largest number."""
    double = trial.with_case(dtype="float64") if trial.subject.dtype == "float64" else trial
    exact = _bad(double, double.module(), double.inputs(), gradients=False)
    if not exact or trial.case.initial:
        return undecided(f"with ordinary inputs already {what}")
    return violated(
        f"with ordinary inputs {exact}",
        expected="finite outputs and gradients",
        seen="NaN or infinity",
        input="ordinary inputs",
    )


def _bad(trial: Trial, module: torch.nn.Module, inputs: Tensors, *, gradients: bool) -> str:
    """Say what is not finite, or ""."""
    module.zero_grad(set_to_none=True)
    given = {name: tensor.clone().requires_grad_(gradients) for name, tensor in inputs.items()}
    output = trial.run(module, given)
    bad = ~output.isfinite()
    if bool(bad.any()):
        return f"{int(bad.sum())} of {bad.numel()} outputs are NaN or infinite"
    if not gradients or not output.requires_grad:
        return ""
    with blamed("backward"):
        output.mean().backward()  # type: ignore[no-untyped-call]
    for name, tensor in [*given.items(), *module.named_parameters()]:
        if tensor.grad is not None and not bool(torch.isfinite(tensor.grad).all()):
            count = int((~torch.isfinite(tensor.grad)).sum())
            return f"{count} gradients of '{name}' are NaN or infinite"
    return ""
