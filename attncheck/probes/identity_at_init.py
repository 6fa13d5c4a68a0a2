"""As its author initialises it, the module returns its input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from attncheck.instruments.behaviour.axes import few_cases
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget
from attncheck.subject.trial import Trial

_DRAWS = 4


class IdentityAtInit(Claim, frozen=True, kw_only=True):
    """At the author's initialisation the output equals the input, and later it does not.

    ## What it checks
    The module as its constructor leaves it: its output equals the input that `equals` names (or
    zero, `"0"`). With random parameters it must differ, or the branch is never used.

    ## Why it matters
    A residual attention that starts as the identity (`gamma = 0`, a zero last layer) can be put
    into a trained network without disturbing it.

    ## Example
    `gamma = Parameter(torch.ones(1))`, or the residual sum forgotten.
    """

    kind: ClassVar[str] = "identity-at-init"
    located_by: ClassVar[tuple[str, ...]] = ("product", "returned")
    turn: ClassVar[int] = 30
    faults: ClassVar[tuple[str, ...]] = ("residual_dropped",)

    equals: str = "x"
    """The input that is returned, or `"0"`; `x` is the main input, whatever its name."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        for case in few_cases(subject):
            yield msgspec.structs.replace(case, initial=True)

    def check(self, trial: Trial) -> Outcome:
        if trial.subject.as_it_is:
            return skipped("an instance may have been trained: give its class")
        known = trial.subject.convention.inputs
        name = trial.main if self.equals == "x" else self.equals
        if name not in known and name != "0":
            return skipped(f"the module is called without '{name}'")
        inputs = trial.inputs()
        with torch.no_grad():
            y = trial.run(trial.module(initial=True), inputs)
        wanted = torch.zeros_like(y) if name == "0" else inputs[name]
        if y.shape != wanted.shape:
            return skipped(
                f"the output has shape {tuple(y.shape)}, the input {tuple(wanted.shape)}"
            )
        label = "zero" if name == "0" else name
        change = float((y - wanted).abs().max())
        if not change <= budget(y, wanted):
            return violated(
                f"at its own initialisation the output differs from {label} by {change:.3g}",
                expected=f"the output equals {label}",
                seen=f"a difference of {change:.3g}",
                largest_change=change,
            )
        for seed in range(_DRAWS):
            with torch.no_grad():
                later = trial.run(trial.module(initial=False, draw_seed=seed), inputs)
            if not float((later - wanted).abs().max()) <= budget(later, wanted):
                return holds(f"equals {label}, and no more with other parameters")
        return violated(
            f"the output equals {label} whatever the parameters are",
            expected=f"{label} at the start, something else with other parameters",
            seen=f"{label} with {_DRAWS} random parameters",
        )
