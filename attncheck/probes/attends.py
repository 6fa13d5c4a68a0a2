"""Positions weigh each other by their content, as every attention over positions does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.axes import indices, places_of
from attncheck.instruments.behaviour.sites import Sites
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.sampling import soften
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial


class Attends(Claim, frozen=True, kw_only=True):
    """An output position depends on the content of the other positions, not on their mean alone.

    ## What it checks
    All positions but the first and the last are changed in a way that keeps every channel's mean.
    Under multi-head, non-local or any other attention over positions the output at one of these
    two must change, since each of the others is weighed by its own content; under a causal mask
    it is the last. The output must have positions at all.

    ## Why it matters
    "Multi-head attention" that pools first sees one vector per image: no position is compared
    with any other, whatever the class is called.

    ## Example
    `sigmoid(conv(avg_pool(x)))` is a function of channel means alone.
    """

    kind: ClassVar[str] = "attends"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("sizes lost", "reducing")
    turn: ClassVar[int] = 80
    faults: ClassVar[tuple[str, ...]] = (
        "arguments_swapped",
        "head_merge",
        "head_split",
        "wrong_axis_softmax",
    )

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield from (subject.base(seed=seed) for seed in (0, 1))

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(), trial.inputs()
        x, axes, out = inputs[trial.main], trial.axes(), trial.output_axes
        places = indices(axes, places_of(axes))
        count = 1
        for axis in places:
            count *= x.shape[axis]
        if count < 4:
            return skipped("needs four positions")
        before = trial.run(module, inputs)
        changed = _mean_kept(x, places)
        after = trial.run(module, {**inputs, trial.main: changed})
        if tuple(before.shape) != trial.sizes(out):
            same = difference(before, after) <= budget(before)
            only = ", a function of the channel means alone" if same else ""
            return violated(
                f"the output has the shape {tuple(before.shape)}: there is no position to attend "
                f"from{only}",
                expected="every position weighs the others",
                seen="a function of channel means" if same else "no positions",
            )
        sites = Sites(out, places_of(out))
        rows = sites.rows(before), sites.rows(after)
        moved = max(difference(rows[0][at], rows[1][at]) for at in (0, -1))
        if moved > budget(before, after):
            return holds(f"the first or the last position moved by {moved:.2g}")
        soften(module)
        before, after = (trial.run(module, {**inputs, trial.main: t}) for t in (x, changed))
        rows = sites.rows(before), sites.rows(after)
        if max(difference(rows[0][at], rows[1][at]) for at in (0, -1)) > budget(before, after):
            return holds("the first or the last position moves where weights are small")
        return violated(
            "neither the first nor the last position's output notices what the others hold, as "
            "long as the channel means stay: no position is compared with another",
            expected="every position weighs the others",
            seen="at most their means",
        )


def _mean_kept(x: torch.Tensor, places: tuple[int, ...]) -> torch.Tensor:
    """Return x with every position between first and last changed, its mean over positions kept."""
    source = torch.Generator().manual_seed(5)
    noise = torch.randn(x.shape, generator=source, dtype=torch.float64).to(x)
    others = torch.ones_like(noise)
    for end in (0, -1):
        others[tuple(end if i in places else slice(None) for i in range(x.ndim))] = 0
    mean = (noise * others).sum(places, keepdim=True) / others.sum(places, keepdim=True)
    return x + (noise - mean) * others
