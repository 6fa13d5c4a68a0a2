"""Positions that see what they should not: masks, causality, scrambled axes, reach."""

from __future__ import annotations

from attncheck.blame.layers import made_for
from attncheck.blame.mutation import mutated
from attncheck.data.report import Location
from attncheck.instruments.attention.masks import MaskWay, encode, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.lazy import torch
from attncheck.signature.masks import key_axis
from attncheck.source.paired import (
    differs,
    inputs_with_masks,
    side_by_side,
    traced,
    values_of,
)
from attncheck.source.places import Blame, at_step
from attncheck.source.tracing import Step, Value
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Tensors, Trial


def causality(trial: Trial, outcome: Outcome) -> Blame | None:
    """Change the later tokens: the first line on which an earlier one changes too."""
    axis = "N" if "N" in trial.dims else ""
    if not axis or trial.dims[axis] < 2:
        return None
    size = trial.dims[axis]
    kept = max(size // 2, 1)
    return _leak(
        trial,
        axis,
        list(range(kept, size)),
        inputs_with_masks(trial),
        "an earlier token depends on later ones after this line",
    )


def masks(trial: Trial, outcome: Outcome) -> Blame | None:
    """Mask the last keys and change them: the first line on which another position changes."""
    if outcome.evidence.get("fault") == "modified":
        return mutated(trial, outcome)
    way = _way(trial, outcome.evidence.get("mask"))
    if way is None:
        return None
    trial = Trial(way.applied(trial.subject), trial.case)
    axis = key_axis(trial.subject.convention.inputs)
    size = trial.dims.get(axis, 0)
    if size < 2:
        return None
    places = list(range(1, max(size // 2, 2)) if way.inside else range((size + 1) // 2, size))
    plain = inputs_with_masks(trial)
    closed = torch.zeros_like(some_hidden(way, trial))
    closed[:, :, places] = True
    inputs = {**plain, way.argument.input: encode(closed, way, trial)}
    leak = _leak(trial, axis, places, inputs, "a masked token still takes part after this line")
    entry = _first_use(trial, plain, inputs)
    if leak is None:
        return Blame(entry) if entry else None
    return Blame(leak.location, [*([entry] if entry else []), *leak.related])


def _way(trial: Trial, parameter: object) -> MaskWay | None:
    """Return the mask that a probe found at fault, else the first of the subject."""
    ways, _ = ways_of(trial.subject, trial)
    return next((w for w in ways if w.argument.parameter == parameter), ways[0] if ways else None)


def _first_use(trial: Trial, plain: Tensors, masked: Tensors) -> Location | None:
    """Return the line on which the mask first meets the scores."""
    module = trial.module()
    names = {a.parameter for a in trial.subject.convention.masks}
    first, second = traced(trial, module, plain), traced(trial, module, masked)
    for steps in side_by_side(first, second):
        for name, (a, b) in values_of(steps):
            apart = differs(a.tensor, b.tensor)
            if name.split("[")[0] in names:
                continue
            if (apart is None or bool(apart.any())) and a.tensor.dtype is not torch.bool:
                return at_step(steps[0], "the mask is applied here")
    return None


def _leak(trial: Trial, axis: str, hidden: list[int], inputs: Tensors, note: str) -> Blame | None:
    """Change positions of an axis; blame the first line that carries them to other positions.

    Scores may depend on both of their positions: entries that lie at a hidden position on any
    axis of that size are excused.
    """
    module = trial.module()
    other = inputs_with_masks(trial, 1)
    masks_ = {a.input for a in trial.subject.convention.masks}
    changed = dict(inputs)
    for name, tensor in inputs.items():
        axes = trial.axes_of(name)
        if name not in masks_ and axis in axes:
            index = axes.index(axis)
            moved = tensor.clone()
            moved.movedim(index, 0)[hidden] = other[name].movedim(index, 0)[hidden]
            changed[name] = moved
    base, run = traced(trial, module, inputs), traced(trial, module, changed)
    size = trial.dims[axis]
    before: list[Step] = []
    for steps in side_by_side(base, run):
        for _, (a, b) in values_of(steps):
            apart = differs(a.tensor, b.tensor)
            if apart is None or size not in apart.shape or not bool(apart.any()):
                continue
            if bool(_excused(apart, size, hidden).any()):
                source = _opened(before, steps[0], size, hidden)
                where = [at_step(steps[0], note)]
                if source is not None:
                    what = "the weights that let them through are made here"
                    where.insert(0, at_step(source, what))
                return Blame(where[0], [*where[1:], *made_for(steps[0])])
        before.append(steps[0])
    return None


def _excused(apart: torch.Tensor, size: int, hidden: list[int]) -> torch.Tensor:
    """Drop what changed at a hidden position on an axis of this size."""
    apart = apart.clone()
    for axis, length in enumerate(apart.shape):
        if length == size:
            apart.movedim(axis, 0)[hidden] = False
    return apart


def _opened(before: list[Step], leaking: Step, size: int, hidden: list[int]) -> Step | None:
    """Return the line that last made weights which are not zero at hidden keys.

    Only for weights of two such axes that the leaking line reads and that were zero before, or
    that are a mask.
    """
    statement = leaking.statement
    if statement is None:
        return None
    closed = False
    found: Step | None = None
    for step in before:
        if step.frame != leaking.frame:
            continue
        for name, value in step.values.items():
            if list(value.shape).count(size) < 2 or value.number:
                continue
            state = _open(value, size, hidden)
            used = name.split("[")[0] in statement.reads
            if state is False:
                closed, found = True, None if used else found
            elif state and used and (closed or value.tensor.dtype is torch.bool):
                found = step
    return found


def _open(value: Value, size: int, hidden: list[int]) -> bool | None:
    """Say whether kept rows have weight on hidden columns; None where it is no weight."""
    t = value.tensor
    axes = [i for i, n in enumerate(t.shape) if n == size][-2:]
    kept = [i for i in range(size) if i not in hidden]
    block = t.movedim(axes, (0, 1))[kept][:, hidden]
    if t.dtype is torch.bool:
        return bool(block.any())
    if bool((t < 0).any()):
        return None
    return bool((block != 0).any())
