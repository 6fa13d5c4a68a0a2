"""Positions whose entries are scattered, and positions that come to see each other."""

from __future__ import annotations

import math

from attncheck.blame.layers import made_for
from attncheck.blame.shapes import last_step
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

_RESHAPES = ("view", "reshape", "flatten", "unflatten", "view_as", "reshape_as", "rearrange")
_SPATIAL = ("H", "W", "N", "M")


def scrambled(trial: Trial, outcome: Outcome) -> Blame | None:
    """Change one position: the first reshape after which it no longer lies on axes of its own.

    A ``view`` where a ``permute`` is needed scatters a position over the indices of others.
    """
    trial = _oblong(trial)
    for index in (1, 2):
        base, run = _moved(trial, index, sample=0)
        step = _first_scatter(base, run)
        if step is not None:
            note = "after this line a position is scattered over the places of others"
            return Blame(at_step(step, note), made_for(step))
    return None


def _oblong(trial: Trial) -> Trial:
    """Return the trial on a map whose height and width differ, where it may vary."""
    if {"H", "W"} <= trial.subject.variable and trial.dims["H"] == trial.dims["W"]:
        other = trial.with_case(dims={"W": trial.dims["W"] + 2})
        if traced(other, other.module(), inputs_with_masks(other)).error is None:
            return other
    return trial


def _moved(trial: Trial, index: int, sample: int | None = None) -> tuple[Traced, Traced]:
    """Run the module as it is and with one position of the main input replaced."""
    module, inputs = trial.module(), inputs_with_masks(trial)
    name, axes = trial.main, trial.axes()
    spot = [slice(None)] * len(axes)
    for i, axis in enumerate(axes):
        if axis in _SPATIAL:
            at = index % inputs[name].shape[i]
            spot[i] = slice(at, at + 1)
    if sample is not None and axes[0] == "B":
        spot[0] = slice(sample, sample + 1)
    changed = {**inputs, name: inputs[name].clone()}
    changed[name][tuple(spot)] = trial.inputs(draw_seed=1)[name][tuple(spot)]
    return traced(trial, module, inputs), traced(trial, module, changed)


def _first_scatter(base: Traced, run: Traced) -> Step | None:
    for steps in side_by_side(base, run):
        statement = steps[0].statement
        if statement is None or not set(statement.calls) & set(_RESHAPES):
            continue
        for _, (a, b) in values_of(steps):
            apart = differs(a.tensor, b.tensor)
            if apart is not None and apart.ndim > 1 and bool(apart.any()) and not aligned(apart):
                return steps[0]
    return None


def aligned(apart: torch.Tensor) -> bool:
    """Say whether the changed entries fill rows, columns or blocks of the axes.

    That is a product of index sets, or a cross of whole slices as in scores between positions.
    """
    for axis in range(apart.ndim):
        rest = [i for i in range(apart.ndim) if i != axis]
        apart = apart.movedim(axis, 0)[apart.any(dim=rest)].movedim(0, axis)
    if _filled(apart):
        return True
    left = apart
    for axis in range(apart.ndim):
        rest = [i for i in range(apart.ndim) if i != axis]
        whole = apart.float().mean(dim=rest) > 0.7
        left = left.clone()
        left.movedim(axis, 0)[whole] = False
    return not bool(left.any())


def _filled(apart: torch.Tensor) -> bool:
    """Say whether nearly every entry changed; zeros that stay zeros leave gaps."""
    return int(apart.sum()) * 2 > apart.numel()


def spread(trial: Trial, outcome: Outcome) -> Blame | None:
    """Change one position: the lines on which its influence first spreads to others."""
    axes = trial.axes()
    sizes = [n for n, axis in zip(trial.sizes(axes), axes, strict=True) if axis in _SPATIAL]
    base, run = _moved(trial, max(sizes, default=1) // 2)
    found: list[tuple[float, Step]] = []
    own = 1.0 / math.prod(sizes)
    share = own
    for steps in side_by_side(base, run):
        for _, (a, b) in values_of(steps):
            apart = differs(a.tensor, b.tensor)
            if apart is None or not apart.numel() or not bool(apart.any()):
                continue
            now = float(apart.sum()) / apart.numel()
            if now > 1.5 * share:
                if not any(s.at == steps[0].at for _, s in found):
                    found.append((now, steps[0]))
                share = max(share, now)
    if not found:
        return None
    first, *others = (step for _, step in found)
    return Blame(
        at_step(first, "on this line positions first see each other"),
        [
            *made_for(first)[:2],
            *(at_step(s, "here they see more") for s in others[:1]),
            *([at_step(last, "what is returned")] if (last := last_step(run.steps)) else []),
        ],
    )
