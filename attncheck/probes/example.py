"""A worked example: on this map, a module without parameters must return this one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

Map = list[list[float]]


class Example(Claim, frozen=True, kw_only=True):
    """On the map of the example the output is the one worked out by hand.

    ## What it checks
    The module is run on `input`, a map of rows and columns that every sample and channel holds,
    and must return one of `outputs` in each of them, to five digits. There is one output for each
    choice that the paper leaves open. Modules with parameters are left out.

    ## Why it matters
    A mechanism without parameters is a formula, and a formula can be worked out: no symmetry
    tells a variance divided by N from one divided by N - 1, or a 4 from an 8.

    ## Example
    SimAM gives a constant map the gate sigmoid(0.5) everywhere.
    """

    kind: ClassVar[str] = "example"
    says: ClassVar[str] = "function"
    confirms_itself: ClassVar[bool] = True

    input: Map
    """Rows of numbers."""
    outputs: list[Map]
    """What may come out, each of the output's size."""
    within: float = 1e-5
    """The largest difference, relative to the largest value."""

    def __post_init__(self) -> None:
        for rows in (self.input, *self.outputs):
            if len({len(row) for row in rows}) != 1:
                raise ValueError("a map has rows of one length")

    def cases(self, subject: Subject) -> Iterator[Case]:
        height, width = len(self.input), len(self.input[0])
        if {"H", "W"} <= subject.variable:
            yield subject.base(dims={"H": height, "W": width})

    def check(self, trial: Trial) -> Outcome:
        module = trial.module()
        if any(True for _ in module.parameters()):
            return skipped("the module has parameters")
        if trial.axes() != ("B", "C", "H", "W"):
            return skipped("the example is a map")
        given = torch.tensor(self.input, dtype=trial.dtype)
        seen = trial.run(module, {trial.main: given.expand(trial.sizes(trial.axes())).clone()})
        if not bool((seen == seen[:1, :1]).all()):
            return undecided("samples and channels that hold the same map differ in the output")
        best, closest = float("inf"), self.outputs[0]
        for output in self.outputs:
            wanted = torch.tensor(output, dtype=trial.dtype)
            if wanted.shape != seen.shape[2:]:
                continue
            away = float((seen[0, 0] - wanted).abs().max() / wanted.abs().max())
            if away <= self.within:
                return holds(largest_difference=away)
            if away < best:
                best, closest = away, output
        return violated(
            f"on the worked example the output is {_shown(seen[0, 0].tolist())}, not "
            f"{_shown(closest)}",
            expected=_shown(closest),
            seen=_shown(seen[0, 0].tolist()),
        )


def _shown(rows: Map) -> str:
    return "[" + ", ".join("[" + ", ".join(f"{v:.5g}" for v in row) + "]" for row in rows) + "]"
