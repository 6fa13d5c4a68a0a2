"""Observe the gate g of a module that computes y = x·g, and the factors of a product of gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from attncheck.instruments.behaviour.axes import channel_of, indices, places_of
from attncheck.lazy import torch
from attncheck.signature.names import dim_named
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget
from attncheck.subject.trial import Tensors, Trial

Observed = Literal["output", "gate", "channel gate", "spatial gate"]
"""What is looked at: y, y / x, or y / x up to a factor that all channels, or all places, share."""


class NoGateError(Exception):
    """The output has not the expected shape, so that nothing can be compared."""


def observe(
    trial: Trial,
    module: torch.nn.Module,
    inputs: Mapping[str, torch.Tensor],
    of: Observed = "gate",
    name: str = "",
) -> torch.Tensor:
    """Run the module and return what is asked for.

    A *channel gate* is y / x divided by its norm over the channels of each place: a spatial gate
    that follows cancels. A *spatial gate* is y / x divided by its norm over the places of each
    channel: a channel gate cancels.

    Args:
        trial: the subject on a case.
        module: the module.
        inputs: every input; no value of the gated one may be zero.
        of: what to look at.
        name: the gated input, the main one by default.

    Raises:
        NoGateError: the output has not the input's shape.
        SubjectError: ``forward`` raises.
    """
    with torch.no_grad():
        y = trial.run(module, inputs)
    if of == "output":
        return y
    x, axes = inputs[name or trial.main], trial.axes(name)
    if y.shape != x.shape:
        raise NoGateError(
            f"the output has shape {tuple(y.shape)} and the input {tuple(x.shape)}: "
            "it is not the input times a gate"
        )
    gate = y / x
    if of == "channel gate":
        over = indices(axes, (channel_of(axes),))
    elif of == "spatial gate":
        over = indices(axes, places_of(axes))
    else:
        return gate
    return gate / gate.square().sum(over, keepdim=True).sqrt().clamp_min(1e-30)


def slack(of: Observed, *observed: torch.Tensor) -> float:
    """Return the largest difference between two observations that rounding can make.

    The inputs that probes draw for gates are at least 0.1, so y / x loses one digit at most.
    """
    return budget(*observed) * (1.0 if of == "output" else 10.0)


def away_from_zero(shape: tuple[int, ...], seed: int, dtype: torch.dtype) -> torch.Tensor:
    """Draw values of both signs, between 0.6 and 1.6 in size."""
    source = torch.Generator().manual_seed(seed)
    size = 0.6 + torch.rand(shape, generator=source, dtype=torch.float64)
    sign = torch.randint(0, 2, shape, generator=source).mul(2).sub(1)
    return (size * sign).to(dtype)


def gated_inputs(trial: Trial, seed: int, name: str = "") -> Tensors:
    """Draw inputs of which the gated one is nowhere near zero."""
    inputs = trial.inputs(draw_seed=seed)
    name = name or trial.main
    shape = tuple(inputs[name].shape)
    drawn = away_from_zero(shape, 977 * (seed + 1) + trial.case.seed, trial.dtype)
    return {**inputs, name: drawn.to(inputs[name].device)}


def projects(subject: Subject) -> bool:
    """Say whether the module can return another number of channels than it takes.

    Such a module mixes channels after its gate, so y / x shows no gate.
    """
    if "C2" not in subject.dims or "C2" not in subject.convention.output:
        return False
    names = subject.spec.names
    literal = {
        parameter: value
        for parameter, value in subject.binding.literal.items()
        if dim_named(parameter, subject.dims, names) == "C2"
    }
    if not literal and "C2" not in subject.binding.follows:
        return False
    if subject.as_it_is:
        return True  # its class takes another width, and no other can be built to see where
    wider = 2 * subject.dims["C"]
    binding = replace(
        subject.binding,
        literal={**subject.binding.literal, **dict.fromkeys(literal, wider)},
    )
    other = replace(subject, binding=binding, overrides={**subject.overrides, "C2": wider})
    trial = Trial(other, other.base())
    try:
        with torch.no_grad():
            y = trial.run(trial.module(), trial.inputs())
    except SubjectError:
        return False
    return tuple(y.shape) == trial.sizes(trial.output_axes)
