"""The gate, or the output, depends on the input through named statistics and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.axes import few_cases
from attncheck.instruments.behaviour.gate import (
    NoGateError,
    Observed,
    observe,
    projects,
    slack,
)
from attncheck.instruments.behaviour.statistics import NAMES, Drawn
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import SINGLE
from attncheck.subject.trial import Trial

_DRAWS = 2
_MOST_DRAWS = 8


class DependsOn(Claim, frozen=True, kw_only=True):
    """A gate depends on its input only through the named statistics, and on each of them.

    ## What it checks
    Inputs that differ and share every named statistic (patterns that sum to zero, values
    permuted, maxima left alone) must give the same gate. Then each statistic is changed alone,
    under up to eight random parameters: some change must change the gate.

    `only` lists: `channel means`, `channel maxima`, `channel variances` (over all positions of a
    channel), `row means`, `row maxima` (over the width), `column means`, `column maxima` (over
    the height), `position means`, `position maxima` (over the channels; `token means`, `token
    maxima` are the same), `mean` (of everything), `self` (the element itself), `position` (all
    channels at the gate's own position), `channel` (all positions of the gate's own channel).
    `of` says what is looked at: `gate` (y / x), `output`, or one factor of a product of gates:
    `channel gate` (y / x up to a factor that all channels share), `spatial gate` (up to a factor
    that all positions share). `matter = false` checks only that nothing else matters.

    ## Why it matters
    A block that adds the average branch to itself, where the maximum was meant, has the right
    shape and trains; its gate ignores the maxima.

    ## Example
    `sigmoid(avg + avg)` under `only = ["channel means", "channel maxima"]`.
    """

    kind: ClassVar[str] = "depends-on"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = (
        "repeated",
        "divergence",
        "scrambled",
        "reducing",
        "product",
    )
    turn: ClassVar[int] = 150
    faults: ClassVar[tuple[str, ...]] = ("branch_duplicated", "wrong_axis")

    only: list[str]
    """The statistics."""
    of: Observed = "gate"
    """What depends on them."""
    matter: bool = True
    """Each of them must change it."""
    input: str = ""
    """The input, the main one by default."""

    def __post_init__(self) -> None:
        for name in self.only:
            if name not in NAMES:
                raise ValueError(f"'{name}' is no statistic; allowed: {', '.join(NAMES)}")
        if not self.only:
            raise ValueError("'only' names no statistic")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield from few_cases(subject)

    def check(self, trial: Trial) -> Outcome:
        if trial.case.values != "normal":
            return skipped("statistics are changed on random values")
        try:
            outcome = self._nothing_else(trial) or self._each_matters(trial)
        except NoGateError as reason:
            return skipped(str(reason))
        if outcome is None:
            return holds(f"only {_listed(self.only)}")
        if outcome.status == "violated" and self.of != "output" and projects(trial.subject):
            return skipped("channels are projected after the gate, so y / x does not show it")
        return outcome

    def _look(
        self, trial: Trial, module: torch.nn.Module, seed: int, x: torch.Tensor
    ) -> torch.Tensor:
        name = self.input or trial.main
        inputs = {**trial.inputs(draw_seed=seed), name: x}
        return observe(trial, module, inputs, self.of, name)

    def _drawn(self, trial: Trial, seed: int) -> Drawn:
        axes = trial.axes(self.input)
        return Drawn.new(
            axes, trial.sizes(axes), self.only, 101 * trial.case.seed + seed, trial.dtype
        )

    def _nothing_else(self, trial: Trial) -> Outcome | None:
        tried = 0
        for seed in range(_DRAWS):
            drawn, module = self._drawn(trial, seed), trial.module(draw_seed=seed)
            before = self._look(trial, module, seed, drawn.x)
            for x in drawn.keeping():
                tried += 1
                after = self._look(trial, module, seed, x)
                change = _change(before, after, drawn.own)
                allowed = max(slack(self.of, before, after), SINGLE * float(before.abs().max()))
                if not change <= allowed:
                    return violated(
                        f"the {self.of} changes by {change:.3g} when the input changes and "
                        f"its {_listed(self.only)} stay the same",
                        expected=f"a {self.of} that depends on {_listed(self.only)} alone",
                        seen=f"a change of {change:.3g} with the same {_listed(self.only)}",
                        largest_change=change,
                    )
        return None if tried else skipped(f"no other input has the same {_listed(self.only)}")

    def _each_matters(self, trial: Trial) -> Outcome | None:
        for name in self.only if self.matter else []:
            tried = 0
            for seed in range(_MOST_DRAWS):
                drawn, module = self._drawn(trial, seed), trial.module(draw_seed=seed)
                before = self._look(trial, module, seed, drawn.x)
                changes = []
                for x in drawn.altering(name):
                    tried += 1
                    after = self._look(trial, module, seed, x)
                    changes.append(_change(before, after, drawn.own) > slack(self.of, before))
                if any(changes):
                    break
            else:
                if tried:
                    return violated(
                        f"the {self.of} does not change when the {name} change alone, "
                        f"with {tried} random parameters and inputs: it ignores them",
                        expected=f"a {self.of} that depends on {_listed(self.only)}",
                        seen=f"the {name} are ignored",
                        ignored=name,
                    )
        return None


def _change(before: torch.Tensor, after: torch.Tensor, own: torch.Tensor | None) -> float:
    change = (after - before).abs()
    if own is not None and own.shape == change.shape:
        change = change[own]
    return float(change.max()) if change.numel() else 0.0


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
