"""The output is the input times a gate of the stated range and form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from attncheck.data.formula import evaluate
from attncheck.instruments.behaviour.axes import few_cases, indices, places_of
from attncheck.instruments.behaviour.gate import away_from_zero, projects, slack
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import SINGLE
from attncheck.subject.trial import Trial

_DRAWS = 3


class Gate(Claim, frozen=True, kw_only=True):
    """The module multiplies its input by a gate: y = x·g.

    ## What it checks
    Under random parameters, on inputs of ordinary size and on small, large and shifted ones: the
    output is zero wherever the input is; g = y / x lies in `range` (numbers or formulas; its ends
    count as inside), and does not vary along the axes of `constant_over`. `factors` states that g
    is a product of one factor per group of axes: `["C", "H W"]` for a channel gate times a
    spatial gate, `["C H", "C W"]` for one over rows times one over columns.

    That the gate is not computed from its own pixel cannot be seen from y / x where the
    definition allows it: claim `depends-on` beside this.

    ## Why it matters
    The commonest slip is to rebind `x` on the way to the gate and return `x * x`: the gate
    multiplies itself, and the input is never used again. A forgotten sigmoid leaves a gate
    without bounds.

    ## Example
    `x = sigmoid(bn(conv(pool(x)))); return x * x` where `range = [0, 1]`.
    """

    kind: ClassVar[str] = "gate"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("repeated", "divergence", "product")
    turn: ClassVar[int] = 140
    faults: ClassVar[tuple[str, ...]] = ("input_overwritten", "sigmoid_missing", "wrong_activation")

    range: list[float | str] = msgspec.field(default_factory=list)
    """The smallest and the largest value."""
    constant_over: list[str] = msgspec.field(default_factory=list)
    """Axes along which the gate is one value."""
    factors: list[str] = msgspec.field(default_factory=list)
    """Two groups of axes, of which the gate is a product."""
    input: str = ""
    """The gated input, the main one by default."""

    def __post_init__(self) -> None:
        if self.range and len(self.range) != 2:
            raise ValueError("'range' is a pair: the smallest and the largest value")
        if self.factors and len(self.factors) != 2:
            raise ValueError("'factors' is a pair of groups of axes, such as ['C', 'H W']")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield from few_cases(subject)

    def check(self, trial: Trial) -> Outcome:
        if trial.case.values != "normal":
            return skipped("gates are looked at on random values")
        axes = trial.axes(self.input)
        if unknown := [a for a in (*self.constant_over, *_split(self.factors)) if a not in axes]:
            return skipped(f"the input has no axis '{unknown[0]}'")
        seen = (float("inf"), float("-inf"))
        for seed in range(_DRAWS):
            outcome, low, high = self._one(trial, seed)
            seen = (min(seen[0], low), max(seen[1], high))
            if outcome is not None:
                if outcome.status == "violated" and projects(trial.subject):
                    return skipped("channels are projected after the gate: y / x shows none")
                return outcome
        return holds(f"g from {seen[0]:.3g} to {seen[1]:.3g}", smallest=seen[0], largest=seen[1])

    def _one(self, trial: Trial, seed: int) -> tuple[Outcome | None, float, float]:
        """Decide under one draw; also return the smallest and largest gate."""
        module, name = trial.module(draw_seed=seed), self.input or trial.main
        rest = trial.inputs(draw_seed=seed)
        plain = away_from_zero(tuple(rest[name].shape), 59 * seed + trial.case.seed, trial.dtype)
        low, high = float("inf"), float("-inf")
        for x in (plain, 0.02 * plain, 6 * plain, plain + 4):
            with torch.no_grad():
                y = trial.run(module, {**rest, name: x})
            if y.shape != x.shape or not _vanishes(trial, module, {**rest, name: x}, name, seed):
                return self._not_multiplied(trial, module, {**rest, name: x}, y), low, high
            if not bool(y.isfinite().all()):
                return undecided("the output is not finite"), low, high
            g = y / x
            low, high = min(low, float(g.min())), max(high, float(g.max()))
            rounding = slack("gate", g) * float(x.abs().max() / x.abs().min())
            allowed = max(rounding, SINGLE * float(g.abs().max()))
            outcome = self._range(trial, g, allowed) or self._form(trial, g, allowed)
            if outcome is not None:
                return outcome, low, high
        return None, low, high

    def _range(self, trial: Trial, g: torch.Tensor, allowed: float) -> Outcome | None:
        if not self.range:
            return None
        low, high = (float(evaluate(end, trial.dims)) for end in self.range)
        least, most = float(g.min()), float(g.max())
        if least >= low - allowed and most <= high + allowed:
            return None
        return violated(
            f"the gate y / x takes values from {least:.3g} to {most:.3g}, "
            f"outside [{low:g}, {high:g}]",
            expected=f"values in [{low:g}, {high:g}]",
            seen=f"values from {least:.3g} to {most:.3g}",
            smallest=least,
            largest=most,
        )

    def _form(self, trial: Trial, g: torch.Tensor, allowed: float) -> Outcome | None:
        axes = trial.axes(self.input)
        if self.constant_over:
            over = indices(axes, self.constant_over)
            spread = float((g.amax(over) - g.amin(over)).max())
            if spread > allowed:
                return violated(
                    f"the gate y / x varies by {spread:.3g} along {', '.join(self.constant_over)}",
                    expected=f"one value along {', '.join(self.constant_over)}",
                    seen=f"values that differ by {spread:.3g}",
                    spread=spread,
                )
        if self.factors and (rest := _remainder(g, axes, self.factors)) > max(allowed, 1e-9):
            return violated(
                f"the gate y / x is no product of one factor over {self.factors[0]} and one over "
                f"{self.factors[1]}: {rest:.2g} of it remains",
                expected=f"a factor over {self.factors[0]} times one over {self.factors[1]}",
                seen=f"a remainder of {rest:.2g}",
                remainder=rest,
            )
        return None

    def _not_multiplied(
        self,
        trial: Trial,
        module: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        y: torch.Tensor,
    ) -> Outcome:
        """Say how the output uses the input, where it is not x·g."""
        name = self.input or trial.main
        x, axes = inputs[name], trial.axes(self.input)
        places = indices(axes, places_of(axes))
        noise = away_from_zero(tuple(x.shape), 5, trial.dtype)
        with torch.no_grad():
            other = trial.run(
                module, {**inputs, name: x + 0.3 * (noise - noise.mean(places, keepdim=True))}
            )
        pooled = bool((other - y).abs().max() <= slack("output", y))
        if y.shape != x.shape:
            how = f"the output has shape {tuple(y.shape)}, the input {tuple(x.shape)}"
        else:
            how = "the output is not zero where the input is"
        if pooled:
            how += (
                ": no pixel of the input reaches the output except through its channel mean"
                if len(places) > 1
                else ": no token of the input reaches the output except through its channel mean"
            )
        return violated(
            f"the input is not multiplied by a gate: {how}",
            expected="y = x·g",
            seen=how,
            only_through_means=pooled,
            shape=list(y.shape),
        )


def _split(groups: list[str]) -> list[str]:
    return [axis for group in groups for axis in group.split()]


def _vanishes(
    trial: Trial, module: torch.nn.Module, inputs: dict[str, torch.Tensor], name: str, seed: int
) -> bool:
    """Say whether the output is zero at elements where the input is set to zero."""
    x = inputs[name]
    source = torch.Generator().manual_seed(seed)
    zero = torch.rand(x.shape, generator=source).to(x.device) < 0.2
    with torch.no_grad():
        y = trial.run(module, {**inputs, name: x.masked_fill(zero, 0.0)})
    return not bool((y[zero].abs() > slack("output", y)).any())


def _remainder(g: torch.Tensor, axes: tuple[str, ...], factors: list[str]) -> float:
    """Return the share of g that is left beside its best product of two factors."""
    first, second = (group.split() for group in factors)
    shared = [a for a in axes if a not in {*first, *second} ^ (set(first) & set(second))]
    rows = [a for a in first if a not in second]
    columns = [a for a in second if a not in first]
    order = indices(axes, [*shared, *rows, *columns])
    count = 1
    for axis in rows:
        count *= g.shape[axes.index(axis)]
    lead = [g.shape[i] for i in order[: len(shared)]]
    values = torch.linalg.svdvals(g.permute(order).reshape(*lead, count, -1))
    if values.shape[-1] < 2:
        return 0.0
    return float((values[..., 1] / values[..., 0].clamp_min(1e-30)).max())
