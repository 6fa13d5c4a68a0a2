"""A patch on an empty map, moved by a pixel, moves the output alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.claim import Case, Claim, Outcome, holds, skipped, violated
from attncheck.lazy import torch
from attncheck.measuring.axes import places_of, resized
from attncheck.subject import Subject
from attncheck.tolerance import budget, difference
from attncheck.trial import Trial

_LEAST = 4
_EDGE = 1


class Translation(Claim, frozen=True, kw_only=True):
    """What the module makes of a thing does not depend on where the thing lies.

    ## What it checks
    A random patch in the middle of a map of zeros, and the same patch one pixel further down,
    right, or both. The output must have moved likewise, wherever it is not cut off at the border.
    A module that says different things of different places of an empty map (its borders show)
    cannot be judged so; nor can one that divides the map into blocks.

    ## Why it matters
    Position embeddings by place, where the paper has them by offset, train as well, and cannot
    be used at another size, nor for things that lie elsewhere than in training.

    ## Example
    A table of (N, N) embeddings in a lambda layer.
    """

    kind: ClassVar[str] = "translation"

    def cases(self, subject: Subject) -> Iterator[Case]:
        for case in (subject.base(), resized(subject, 1, H=8, W=9)):
            if case is not None:
                yield case

    def check(self, trial: Trial) -> Outcome:
        axes, out = trial.axes(), trial.output_axes
        places = places_of(axes)
        if len(places) != 2 or places != places_of(out):
            return skipped("the input or the output is no map")
        if min(trial.dims[axis] for axis in places) < _LEAST:
            return skipped("the map is too small for a patch to move in")
        module = trial.module(initial=True)  # random shifts of a norm would show its borders
        inputs = trial.inputs()
        along = [axes.index(axis) for axis in places]
        patch = inputs[trial.main].clone()
        for axis in along:
            patch.narrow(axis, 0, _EDGE).zero_()
            patch.narrow(axis, patch.shape[axis] - 1 - _EDGE, 1 + _EDGE).zero_()
        empty = trial.run(module, {**inputs, trial.main: torch.zeros_like(patch)})
        corner = empty
        for axis in (out.index(name) for name in places):
            corner = corner.narrow(axis, 0, 1)
        slack = 10 * budget(empty)
        if difference(empty, corner.expand_as(empty)) > slack:
            return skipped("the borders of an empty map show in the output")
        before = trial.run(module, {**inputs, trial.main: patch})
        for steps in ((1, 0), (0, 1), (1, 1)):
            moved = trial.run(module, {**inputs, trial.main: patch.roll(steps, along)})
            wanted, seen = _overlap(before, moved, [out.index(name) for name in places], steps)
            gap, scale = difference(seen, wanted), float(before.detach().abs().max())
            if gap > max(1e-6 * scale, 10 * budget(before)):
                return violated(
                    f"a patch moved by {steps} on an empty map changes the output by {gap:.3g} "
                    f"beyond being moved (outputs up to {scale:.3g})",
                    expected="the same output, moved alike",
                    seen=f"a change of {gap:.3g}",
                    steps=list(steps),
                )
        return holds()


def _overlap(
    before: torch.Tensor, moved: torch.Tensor, along: list[int], steps: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the output that was there before and what stands in its new place."""
    for axis, step in zip(along, steps, strict=True):
        length = before.shape[axis] - step
        before, moved = before.narrow(axis, 0, length), moved.narrow(axis, step, length)
    return before, moved
