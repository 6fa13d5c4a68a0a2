"""A random module as a function of one of its inputs, applied once or to its own output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attncheck.lazy import torch
from attncheck.subject.sampling import soften
from attncheck.subject.trial import Trial

Function = Callable[["torch.Tensor"], "torch.Tensor"]


class UnobservableError(Exception):
    """The output does not answer to sites of the input, or is not finite."""


@dataclass(frozen=True)
class Draw:
    """A module with random parameters, a random input, and the output at hand."""

    function: Function
    x: torch.Tensor
    y: torch.Tensor


def new_draw(trial: Trial, name: str, passes: int, seed: int, *, soft: bool = False) -> Draw:
    """Build a random module and input, and run it once.

    Args:
        trial: the subject on a case.
        name: the input that will be changed.
        passes: how often the module is applied to its own output.
        seed: another draw of parameters and inputs.
        soft: with small weights.

    Raises:
        UnobservableError: the output has another shape, or is not finite.
        SubjectError: the module raises.
    """
    module = trial.module(draw_seed=seed)
    if soft:
        soften(module)
    inputs = trial.inputs(draw_seed=seed)
    expected = trial.sizes(trial.output_axes)

    def function(x: torch.Tensor) -> torch.Tensor:
        for _ in range(passes):
            x = trial.run(module, {**inputs, name: x})
        if x.shape == expected:
            return x
        if x.ndim != len(expected) or any(
            n not in (1, m) for n, m in zip(x.shape, expected, strict=True)
        ):
            raise UnobservableError(
                f"the output has shape {tuple(x.shape)}, not {expected}: "
                "its positions are not those of the input"
            )
        return x.expand(expected)

    x = inputs[name]
    if passes > 1 and expected != tuple(x.shape):
        raise UnobservableError("the output cannot be the input of a second pass")
    with torch.no_grad():
        y = function(x)
    if not bool(y.isfinite().all()):
        raise UnobservableError("the output is not finite")
    return Draw(function, x, y)
