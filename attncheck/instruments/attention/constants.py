"""Feed a module the same token everywhere: what it gives then shows what its weights sum to."""

from __future__ import annotations

from dataclasses import dataclass

from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_POSITIONS = ("N", "M", "H", "W", "G")
_MORE = 5


@dataclass(frozen=True)
class Change:
    """How far the output moves, how large it is, and what rounding may move.

    ``before`` and ``after`` are numbers of positions.
    """

    change: float
    scale: float
    noise: float
    before: int = 0
    after: int = 0


def constant_values(trial: Trial) -> Change | None:
    """Compare two draws of the keys while every key has the same value.

    None where values are no input of their own.
    """
    names = list(trial.subject.convention.inputs)
    if len(names) < 3:
        return None
    inputs = trial.inputs()
    inputs["value"] = _spread(trial, "value", inputs["value"], trial)
    other = {**inputs, "key": trial.inputs(draw_seed=1)["key"]}
    module = trial.module()
    before, after = trial.run(module, inputs), trial.run(module, other)
    return _change(before, after)


def constant_everywhere(trial: Trial) -> Change | None:
    """Compare two numbers of positions that all hold the same token.

    None where the number cannot be varied, or where positions matter in the module (it adds
    positions of its own, or pads): then the output is not the same everywhere to begin with.
    """
    subject = trial.subject
    names = list(subject.convention.inputs)
    last = names[-1]
    axes = [axis for axis in trial.axes(last) if axis in _POSITIONS]
    free = [a for a in axes if a in subject.variable and a not in subject.binding.follows]
    if not free:
        return None
    larger = trial.with_case(dims={free[0]: trial.dims[free[0]] + _MORE})
    inputs, module = trial.inputs(), trial.module()
    held = names[1:] or names
    small = {n: _spread(trial, n, t, trial) if n in held else t for n, t in inputs.items()}
    large = {n: _spread(trial, n, t, larger) if n in held else t for n, t in inputs.items()}
    try:
        before, after = trial.run(module, small), larger.run(module, large)
    except SubjectError:
        return None
    if len(names) == 1:
        one, other = _first(before, trial), _first(after, larger)
        if one is None or other is None:
            return None
        before, after = one, other
    elif before.shape != after.shape:
        return None
    count = 1
    for axis in axes:
        count *= trial.dims[axis]
    more = count // trial.dims[free[0]] * larger.dims[free[0]]
    found = _change(before, after)
    return Change(found.change, found.scale, found.noise, count, more)


def _spread(trial: Trial, name: str, tensor: torch.Tensor, size: Trial) -> torch.Tensor:
    """Repeat the first position of a tensor over all positions of ``size``'s dims."""
    for axis, meaning in enumerate(trial.axes(name)):
        if meaning in _POSITIONS:
            first = tensor.narrow(axis, 0, 1)
            tensor = first.repeat_interleave(size.dims[meaning], axis)
    return tensor


def _first(output: torch.Tensor, trial: Trial) -> torch.Tensor | None:
    """Return the output at one position, or None where positions differ."""
    axes = trial.output_axes
    if output.ndim != len(axes):
        return None
    first = output
    for axis, meaning in enumerate(axes):
        if meaning in _POSITIONS:
            first = first.narrow(axis, 0, 1)
    spread = difference(output, first.expand_as(output))
    return first if spread <= 10 * budget(output) else None


def _change(before: torch.Tensor, after: torch.Tensor) -> Change:
    scale = float(before.detach().abs().max()) if before.numel() else 0.0
    return Change(difference(before, after), scale, budget(before))
