"""Inputs and state that a call changes: the first line after which they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attncheck.blame.layers import made_for
from attncheck.lazy import torch
from attncheck.source.paired import inputs_with_masks, traced
from attncheck.source.places import Blame, at_step
from attncheck.source.reading import all_made_at
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def mutated(trial: Trial, outcome: Outcome) -> Blame | None:
    """Compare the caller's tensors, then the module's state, with what they were, line by line."""
    module = trial.module()
    inputs = inputs_with_masks(trial)
    kept = {n: t.clone() for n, t in inputs.items()}

    def changed_inputs() -> tuple[str, ...]:
        return tuple(n for n, t in inputs.items() if not _equal(t, kept[n]))

    with torch.no_grad():
        run = traced(trial, module, inputs, exact=True, observe=changed_inputs)
    for step in run.steps:
        if step.seen:
            names = {a.input: a.parameter for a in trial.subject.convention.arguments}
            said = ", ".join(f"`{names.get(n, n)}`" for n in step.seen)
            return Blame(
                at_step(step, f"after this line the caller's {said} has other values"),
                made_for(step),
            )
    return state(trial, outcome)


def state(trial: Trial, outcome: Outcome) -> Blame | None:
    """The first line after which a parameter, a buffer or an attribute of the module differs."""
    module = trial.module()
    look = _state_of(module)
    before = look()
    run = traced(trial, module, inputs_with_masks(trial), observe=look)
    for step in run.steps:
        names = sorted(k for k in {*before, *step.seen} if before.get(k) != step.seen.get(k))
        if names:
            related = []
            if step.owner is not None:
                related = all_made_at(step.owner, names[0].split(".")[-1])
            note = f"after this line `{names[0].split('.')[-1]}` of the module has changed"
            return Blame(at_step(step, note), related)
    return None


def _state_of(module: torch.nn.Module) -> Callable[[], dict[str, Any]]:
    """Return a function that says what the module's state is now, comparable with ``==``."""

    def look() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for prefix, sub in module.named_modules():
            for name, value in [
                *vars(sub).items(),
                *sub._parameters.items(),
                *sub._buffers.items(),
            ]:
                if name.startswith("_") and name not in sub._parameters:
                    continue
                key = f"{prefix}.{name}" if prefix else name
                if isinstance(value, torch.Tensor):
                    found[key] = (id(value), value._version, float(value.detach().double().sum()))
                elif isinstance(value, (int, float, str, bool, type(None))):
                    found[key] = value
                else:
                    found[key] = id(value)
        return found

    return look


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and bool(torch.equal(a, b))
