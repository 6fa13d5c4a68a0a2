"""In eval mode, a sample's output does not depend on the other samples of its batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Tensors, Trial


class BatchIndependence(Claim, frozen=True, kw_only=True):
    """In eval mode, what one sample gives does not depend on its batch mates.

    ## What it checks
    The first sample is kept and every other one replaced, by samples of the same size and by
    larger ones; then it is run alone. Its output must not change. Nor must the last sample's,
    when those before it are replaced.

    ## Why it matters
    A softmax without `dim` on a 3-D tensor normalises over the batch; a `view` that folds the
    batch into the tokens lets samples attend to each other. Both train and score well, and fail
    with another batch size.

    ## Example
    `F.softmax(scores)` on scores of shape (B, N, N).
    """

    kind: ClassVar[str] = "batch-independence"
    located_by: ClassVar[tuple[str, ...]] = ("batch", "implicit softmax")
    turn: ClassVar[int] = 160
    faults: ClassVar[tuple[str, ...]] = ("batch_mixing", "wrong_axis", "wrong_axis_softmax")

    def cases(self, subject: Subject) -> Iterator[Case]:
        if "B" in subject.dims:
            yield subject.base(dims={"B": max(2, subject.dims["B"])})
        for case in list(subject.lattice())[1:]:
            if case.dims.get("B", 0) > 1:
                yield case

    def check(self, trial: Trial) -> Outcome:
        if trial.output_axes[0] != "B":
            return skipped("the output has no batch axis")
        module, inputs = trial.module(), trial.inputs()
        before = trial.run(module, inputs)
        changes = {
            "first sample's output changes by {} with other samples beside it": _with_others(
                trial, module, inputs, before, 1.0
            ),
            "first sample's output changes by {} with larger samples beside it": _with_others(
                trial, module, inputs, before, 8.0
            ),
            "first sample's output changes by {} alone": _alone(trial, module, inputs, before),
            "last sample's output changes by {} with other samples before it": _after_others(
                trial, module, inputs, before
            ),
        }
        allowed = budget(before)
        where = next((name for name, change in changes.items() if change > allowed), "")
        if not where:
            return holds(largest_change=max(changes.values()))
        change = changes[where]
        return violated(
            f"the {where.format(f'{change:.3g}')}",
            expected="no change",
            seen=f"a change of {change:.3g}",
            largest_change=change,
        )


def _with_others(
    trial: Trial, module: torch.nn.Module, inputs: Tensors, before: torch.Tensor, scale: float
) -> float:
    """Replace every sample but the first; a maximum over the batch shows with larger ones only."""
    other = trial.inputs(draw_seed=1)
    mixed = {
        name: torch.cat([t[:1], scale * other[name][1:]]) if trial.axes(name)[0] == "B" else t
        for name, t in inputs.items()
    }
    return difference(before[:1], trial.run(module, mixed)[:1])


def _after_others(
    trial: Trial, module: torch.nn.Module, inputs: Tensors, before: torch.Tensor
) -> float:
    """Replace every sample but the last: all may read what the first one gives."""
    other = trial.inputs(draw_seed=1)
    mixed = {
        name: torch.cat([other[name][:-1], t[-1:]]) if trial.axes(name)[0] == "B" else t
        for name, t in inputs.items()
    }
    return difference(before[-1:], trial.run(module, mixed)[-1:])


def _alone(trial: Trial, module: torch.nn.Module, inputs: Tensors, before: torch.Tensor) -> float:
    """Give the first sample alone; where that cannot be, another claim says so."""
    single = trial.with_case(dims={"B": 1})
    first = {n: t[:1] if trial.axes(n)[0] == "B" else t for n, t in inputs.items()}
    try:
        return difference(before[:1], single.run(module, first))
    except SubjectError:
        return 0.0
