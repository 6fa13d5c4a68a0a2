"""Symmetries that a module should have: the line on which one is lost."""

from __future__ import annotations

from collections.abc import Callable

from attncheck.blame.layers import made_for
from attncheck.blame.shapes import what_goes_in
from attncheck.lazy import torch
from attncheck.source.paired import (
    Traced,
    inputs_with_masks,
    side_by_side,
    traced,
    values_of,
)
from attncheck.source.places import Blame, at_step
from attncheck.source.tracing import Step, Value
from attncheck.subject.claim import Outcome
from attncheck.subject.sampling import generator
from attncheck.subject.tolerance import EQUAL
from attncheck.subject.trial import Trial

Change = Callable[["torch.Tensor"], "torch.Tensor"]


def symmetry(trial: Trial, outcome: Outcome) -> Blame | None:
    """Move the input about; blame the first line whose values are not the same, moved about.

    Every symmetry is tried that the evidence may mean, and the one that lasts longest tells
    most: a reshape that scrambles keeps the values, so what goes into the line is related.
    """
    module, inputs = trial.module(), inputs_with_masks(trial)
    base = traced(trial, module, inputs)
    latest: tuple[int, Step] | None = None
    for change in _changes(trial, f"{outcome.evidence.get('to', '')} {outcome.message}"):
        changed = {**inputs, trial.main: change(inputs[trial.main])}
        run = traced(trial, module, changed)
        if run.output is None or base.output is None:
            continue
        if _alike(Value(base.output.main), Value(run.output.main)):
            continue
        found = _first_break(base, run)
        if found is not None and (latest is None or found[0] > latest[0]):
            latest = found
    if latest is None:
        return None
    step = latest[1]
    into = what_goes_in(step)
    return Blame(at_step(step, "the symmetry is lost on this line"), [*into[:3], *made_for(step)])


def _changes(trial: Trial, said: str) -> list[Change]:
    axes = trial.axes()
    found: dict[str, Change] = {}
    source = generator(trial.case.seed + 5)
    for axis, name in (("N", "token permutation"), ("C", "channel permutation")):
        if axis in axes:
            order = torch.randperm(trial.dims[axis], generator=source)
            found[name] = _permuting(axes.index(axis), order)
    if "H" in axes and "W" in axes:
        h, w = axes.index("H"), axes.index("W")
        count = trial.dims["H"] * trial.dims["W"]
        order = torch.randperm(count, generator=source)
        found["pixel permutation"] = lambda t: (
            t.flatten(h, w)[..., order].view(t.shape)
            if w == t.ndim - 1
            else t.flatten(h, w).index_select(h, order).view(t.shape)
        )
        found["flip H"] = lambda t: t.flip(h)
        found["flip W"] = lambda t: t.flip(w)
        found["transposition"] = lambda t: t.transpose(h, w).contiguous()
    chosen = [change for name, change in found.items() if name in said]
    return chosen or [c for name, c in found.items() if name != "channel permutation"]


def _permuting(axis: int, order: torch.Tensor) -> Change:
    return lambda t: t.index_select(axis, order)


def _first_break(base: Traced, run: Traced) -> tuple[int, Step] | None:
    for index, steps in enumerate(side_by_side(base, run)):
        for _, (a, b) in values_of(steps):
            if not a.number and a.tensor.is_floating_point() and not _alike(a, b):
                return index, steps[0]
    return None


def _alike(a: Value, b: Value) -> bool:
    """Say whether two values hold the same numbers, in whatever order."""
    if a.tensor.numel() != b.tensor.numel():
        return False
    first = a.tensor.double().flatten().sort().values
    second = b.tensor.double().flatten().sort().values
    return bool(torch.allclose(first, second, rtol=EQUAL, atol=1e-9, equal_nan=True))
