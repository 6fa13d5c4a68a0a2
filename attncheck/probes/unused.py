"""Every parameter, input and mask has some influence on the output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from attncheck.instruments.attention.callings import callings
from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.instruments.behaviour.ignored import ignored_arguments
from attncheck.instruments.behaviour.influence import Scene, Scenes, is_read, matters
from attncheck.lazy import torch
from attncheck.source.mentions import (
    arguments_not_read,
    inputs_not_read,
    is_mentioned,
    never_called,
)
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class Unused(Claim, frozen=True, kw_only=True):
    """No parameter, input or mask is without influence on every output.

    ## What it checks
    Each learning tensor is replaced by other values, in several draws, sizes and modes, with and
    without a mask, and what the usual call does not use in every other way of calling, with each
    optional argument given; one that never changes any output is filled with NaN. If not even that
    arrives, nothing reads it. If it does arrive, the tensor is read without effect, as the one
    score of a softmax over one element; vectors are excused then, since the bias of keys before
    a softmax is so by mathematics. Thirds and halves of fused projections are looked at one by
    one. Data inputs and masks must change the output too, and so must constructor arguments that
    state a size of the mechanism, such as its reduction. Submodules that are never called and
    other constructor arguments that are never read are noted.

    ## Why it matters
    Distributed training stops at parameters that get no gradient; a context that is ignored, or
    a branch that multiplies the wrong tensor, is not what the paper describes.

    ## Example
    `self.conv_out = nn.Conv2d(c, c, 1)` that `forward` forgets.
    """

    kind: ClassVar[str] = "unused"
    located_by: ClassVar[tuple[str, ...]] = (
        "constructor",
        "influence ends",
        "unused input",
        "named",
    )
    turn: ClassVar[int] = 220
    faults: ClassVar[tuple[str, ...]] = ("branch_duplicated", "dead_parameter", "receptive_field")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        scenes = Scenes(trial)
        first = next(iter(scenes), None)
        if first is None:
            return undecided(str(scenes.error))
        if draws_at_random(first.trial, first.module):
            return skipped("the module draws at random in eval mode")
        parameters, untold = _parameters(first, scenes)
        inputs = _inputs(trial, scenes)
        arguments = {
            f"the constructor's '{name}'": f"makes the same module with {tried}"
            for name, tried in ignored_arguments(trial).items()
        }
        found = {**parameters, **inputs, **arguments}
        notes = {
            "never_called": never_called(first.module, first.look),
            "arguments_not_read": arguments_not_read(trial.subject),
            "inputs_not_read": inputs_not_read(trial.subject),
        }
        evidence: dict[str, Any] = {key: value for key, value in notes.items() if value}
        if not found and untold:
            return undecided(f"no call that could be tried uses them: {untold[0]}", **evidence)
        if not found:
            return holds(**evidence)
        said = "; ".join(f"{name} {why}" for name, why in list(found.items())[:4])
        return violated(
            said + (f"; and {len(found) - 4} more" if len(found) > 4 else ""),
            expected="some influence on the output",
            seen="none in any draw, size or mode",
            parameters=[n.split("'")[1] for n in parameters],
            inputs=[n.split("'")[1] for n in inputs],
            **evidence,
        )


def _parameters(first: Scene, scenes: Scenes) -> tuple[dict[str, str], list[str]]:
    """Find parameters that change nothing; and those that may, where what was not tried is given.

    What the usual call does not use is looked at in every other way of calling.
    """
    found: dict[str, str] = {}
    open_: list[str] = []
    module = first.module
    others: list[Scene] | None = None
    untried: list[str] = []
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad or not parameter.is_floating_point():
            continue
        for label, part in _parts(module, name, parameter):
            why = _without_influence(scenes, name, part)
            if not why:
                continue
            if is_mentioned(module, name):
                if others is None:
                    others, untried = _otherwise(first.trial)
                if others and not _without_influence(others, name, part):
                    continue
                if untried:
                    open_.append(f"{label}'{name}'")
                    break
            found[f"{label}'{name}'"] = why
            break
    return found, [f"{', '.join(open_)} may matter with '{untried[0]}'"] if open_ else []


def _otherwise(trial: Trial) -> tuple[list[Scene], list[str]]:
    """Return scenes of every other way of calling, and the arguments that could not be given."""
    calls, untried = callings(trial)
    scenes: list[Scene] = []
    for call in calls:
        try:
            scenes.append(Scene.of(call.trial, 0, call.masks))
        except SubjectError:
            untried.append(call.parameter)
    return scenes, untried


def _without_influence(scenes: Iterable[Scene], name: str, part: tuple[int, int]) -> str:
    """Say in what way the i-th of so many equal parts of a parameter never matters, or ""."""
    index, parts = part
    read = False
    vector = False
    for scene in scenes:
        tensor = scene.parameter(name)
        if tensor is None:
            return ""
        size = tensor.shape[0] // parts if parts > 1 else 0
        rows = slice(index * size, (index + 1) * size) if parts > 1 else slice(None)
        if matters(scene, tensor, rows):
            return ""
        read = read or is_read(scene, tensor, rows)
        vector = tensor.ndim <= 1 or _is_bias(scene, name)
    if not read:
        return "is never used"
    return "" if vector else "is used without any effect on the output"


def _is_bias(scene: Scene, name: str) -> bool:
    """Say whether a tensor is added rather than multiplied with: by its name or its start."""
    if name.rpartition(".")[2].lower().endswith("bias"):
        return True
    start = dict(scene.trial.module(initial=True).named_parameters()).get(name)
    return start is not None and start.numel() > 1 and bool((start == start.flatten()[0]).all())


def _parts(
    module: torch.nn.Module, name: str, parameter: torch.Tensor
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the whole tensor, then thirds and halves of what may be a fused projection."""
    yield "", (0, 1)
    rows = parameter.shape[0] if parameter.ndim >= 2 else 0
    owner = module.get_submodule(name.rpartition(".")[0])
    layer = isinstance(owner, (torch.nn.Linear, torch.nn.modules.conv._ConvNd))
    if not (layer or name.endswith("in_proj_weight")):
        return
    for part, words in (("third", ("first", "second", "last")), ("half", ("first", "second"))):
        parts = len(words)
        if rows >= 2 * parts and rows % parts == 0:
            for index, word in enumerate(words):
                yield f"the {word} {part} of ", (index, parts)


def _inputs(trial: Trial, scenes: Scenes) -> dict[str, str]:
    """Find data inputs and masks that change nothing."""
    found: dict[str, str] = {}
    for argument in trial.subject.convention.arguments:
        name = argument.input
        if not argument.axes:
            continue
        if argument.meaning:
            masked = [scene for scene in scenes if name in scene.inputs]
            if masked and not any(_mask_matters(scene, name) for scene in masked):
                found[f"the mask '{argument.parameter}'"] = "changes nothing"
        elif not any(matters(scene, scene.inputs[name]) for scene in scenes):
            found[f"the input '{argument.parameter}'"] = "has no influence on the output"
    return found


def _mask_matters(scene: Scene, name: str) -> bool:
    mask = scene.inputs.pop(name)
    try:
        return scene.changes()
    finally:
        scene.inputs[name] = mask
