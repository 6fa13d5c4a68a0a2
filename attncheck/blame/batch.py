"""Samples that see each other: the first line on which one depends on the others."""

from __future__ import annotations

from attncheck.blame.layers import made_for
from attncheck.lazy import torch
from attncheck.source.paired import (
    Traced,
    differs,
    inputs_with_masks,
    side_by_side,
    traced,
    values_of,
)
from attncheck.source.places import Blame, at_step
from attncheck.source.tracing import Step
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def batch(trial: Trial, outcome: Outcome) -> Blame | None:
    """Change the first sample, then the others: a line where both show mixes samples.

    Entries are told by what changes them, so a batch axis that is folded into heads, windows or
    tokens is followed all the same.
    """
    if trial.dims.get("B", 1) < 2:
        trial = trial.with_case(dims={"B": 2})
    runs = _runs(trial)
    odd: list[tuple[Step, str]] = []
    shuffled: Step | None = None
    usual = trial.subject.convention.layout == ""
    for steps in side_by_side(*runs):
        mixed = False
        for name, (base, first, others) in values_of(steps):
            mine = differs(base.tensor, first.tensor)
            theirs = differs(base.tensor, others.tensor)
            if mine is None or theirs is None or not (mine.any() or theirs.any()):
                continue
            if bool((mine & theirs).any()):
                mixed = True
                break
            where = _place(mine, theirs, trial.dims["B"])
            if where == "apart" and shuffled is None:
                shuffled = steps[0]
            if where and usual and not any(s.at == steps[0].at for s, _ in odd):
                odd.append((steps[0], name))
        if mixed:
            step = steps[0]
            related = [
                *(
                    at_step(s, "the batch axis is moved or folded here")
                    for s, n in odd
                    if s.at != step.at
                )
            ][:2]
            note = "after this line one sample depends on the others"
            return Blame(at_step(step, note), [*related, *made_for(step)])
    if shuffled is not None:
        return Blame(
            at_step(shuffled, "after this line the samples no longer lie one after another")
        )
    return None


def _runs(trial: Trial) -> tuple[Traced, Traced, Traced]:
    module = trial.module()
    base, other = inputs_with_masks(trial), inputs_with_masks(trial, 1)

    def swapped(first: bool) -> dict[str, torch.Tensor]:
        changed: dict[str, torch.Tensor] = {}
        for name, tensor in base.items():
            if trial.axes_of(name)[:1] != ("B",) or not tensor.is_floating_point():
                changed[name] = tensor
                continue
            pair = (other[name], tensor) if first else (tensor, other[name])
            changed[name] = torch.cat([pair[0][:1], pair[1][1:]])
        return changed

    return (
        traced(trial, module, base),
        traced(trial, module, swapped(True)),
        traced(trial, module, swapped(False)),
    )


def _place(mine: torch.Tensor, theirs: torch.Tensor, batch: int) -> str:
    """Return "" where samples lie in order on the first axis, else how they lie."""
    separable = ""
    for axis in range(mine.ndim):
        rest = [a for a in range(mine.ndim) if a != axis]
        own = mine.any(dim=rest) if rest else mine
        foreign = theirs.any(dim=rest) if rest else theirs
        if bool((own & foreign).any()):
            continue
        last_own = int(own.nonzero().max()) if own.any() else -1
        first_foreign = int(foreign.nonzero().min()) if foreign.any() else mine.shape[axis]
        ordered = last_own < first_foreign
        if ordered and axis == 0 and mine.shape[0] % batch == 0:
            return ""
        separable = "moved" if ordered or separable == "moved" else "apart"
    return separable or "apart"
