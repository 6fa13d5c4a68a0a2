"""Traced runs of a subject, and pairs of them, line against line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from attncheck.lazy import torch
from attncheck.source.files import OwnFiles
from attncheck.source.tracing import Step, Value, tracing
from attncheck.subject.outputs import Output
from attncheck.subject.sampling import seed_everything
from attncheck.subject.tolerance import rounding
from attncheck.subject.trial import Tensors, Trial


@dataclass
class Traced:
    """One traced forward; ``output`` is None where it raised ``error``."""

    steps: list[Step] = field(default_factory=list)
    output: Output | None = None
    error: Exception | None = None


def traced(
    trial: Trial,
    module: torch.nn.Module,
    inputs: Mapping[str, torch.Tensor],
    *,
    seed: int | None = None,
    exact: bool = False,
    observe: Callable[[], Any] | None = None,
) -> Traced:
    """Call the module and watch its lines.

    Args:
        trial: how it is called.
        module: the module.
        inputs: in our order of axes; copied unless ``exact``.
        seed: of the generator before the call, the case's by default.
        exact: call it on these very tensors.
        observe: asked after every line; what it says is kept in the step.
    """
    files = OwnFiles(trial.subject.factory, module)
    given = inputs if exact else {n: t.detach().clone() for n, t in inputs.items()}
    if not exact:
        for name, tensor in inputs.items():
            given[name].requires_grad_(tensor.requires_grad)
    result = Traced()
    seed_everything(trial.case.seed if seed is None else seed, trial.case.device)
    with tracing(files, observe) as steps:
        try:
            result.output = trial.call(module, given)
        except Exception as error:
            result.error = error
    result.steps = steps
    return result


def differs(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor | None:
    """Return which entries differ beyond rounding; None where the shapes do."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return None
    if not (a.is_floating_point() or a.is_complex()):
        return a != b
    if a.numel() == 0:
        return torch.zeros(a.shape, dtype=torch.bool)
    finite = torch.nan_to_num(a, nan=0.0, posinf=0.0, neginf=0.0).abs()
    scale = max(float(finite.max()) if finite.max() < 1e20 else 1.0, 1e-3)
    same = (a == b) | (a.isnan() & b.isnan()) | ((a - b).abs() <= rounding(scale, a.dtype))
    return ~same


def side_by_side(*runs: Traced) -> Iterator[tuple[Step, ...]]:
    """Yield the steps of runs together for as long as they take the same lines."""
    for together in zip(*(run.steps for run in runs), strict=False):
        first = together[0]
        if any(
            (s.path, s.line, s.function) != (first.path, first.line, first.function)
            for s in together[1:]
        ):
            return
        yield together


def values_of(steps: tuple[Step, ...]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield the values that every one of these steps made, by name."""
    for name, value in steps[0].values.items():
        others = [step.values.get(name) for step in steps[1:]]
        found = [other for other in others if other is not None]
        if len(found) == len(others):
            yield name, (value, *found)


def inputs_with_masks(trial: Trial, draw_seed: int = 0) -> Tensors:
    """Return the trial's inputs, and masks that mask nothing."""
    inputs = dict(trial.inputs(draw_seed=draw_seed))
    for argument in trial.subject.convention.masks:
        inputs.setdefault(argument.input, trial.no_mask(argument))
    return inputs
