"""Inputs that are hard on arithmetic, in our order of axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attncheck.lazy import torch
from attncheck.subject.trial import Tensors, Trial

_CHANNELS = ("C", "D", "C2")


def hard_inputs(trial: Trial, ordinary: Tensors) -> Iterator[tuple[str, Tensors]]:
    """Yield (what a person calls it, inputs) of the same shapes and dtype as the ordinary ones."""

    def every(change: Callable[[torch.Tensor], torch.Tensor]) -> Tensors:
        return {name: change(tensor).contiguous() for name, tensor in ordinary.items()}

    yield "an input of zeros", every(torch.zeros_like)
    yield "an input of ones", every(torch.ones_like)
    yield "constant channels", _each(trial, ordinary, _constant)
    yield "one position of zeros", _each(trial, ordinary, _zero_position)
    yield "one channel of zeros", _each(trial, ordinary, _zero_channel)
    yield "one sample of zeros", every(_zero_first)
    yield "an input of size 1e-6", every(lambda t: t * 1e-6)
    yield "an input of size 10", every(lambda t: t * 10)
    yield "an input around 1000", every(lambda t: t + 1e3)
    for index in range(3):
        noise = trial.inputs(draw_seed=10 + index)
        yield "an input of 1000 ± 0.01", {n: 1e3 + 0.01 * t for n, t in noise.items()}


def huge_inputs(ordinary: Tensors) -> Iterator[tuple[str, Tensors]]:
    """Yield inputs larger than a normalised network gives, where weights underflow to zero."""
    yield "an input of size 1e3", {n: (t * 1e3).contiguous() for n, t in ordinary.items()}


def _each(
    trial: Trial,
    ordinary: Tensors,
    change: Callable[[torch.Tensor, tuple[str, ...]], torch.Tensor],
) -> Tensors:
    return {name: change(t.clone(), trial.axes(name)) for name, t in ordinary.items()}


def _constant(tensor: torch.Tensor, axes: tuple[str, ...]) -> torch.Tensor:
    """Take one value per sample and channel for every position."""
    for index, axis in enumerate(axes):
        if axis != "B" and axis not in _CHANNELS:
            tensor = tensor.narrow(index, 0, 1).expand_as(tensor)
    return tensor.contiguous()


def _zero_position(tensor: torch.Tensor, axes: tuple[str, ...]) -> torch.Tensor:
    index = tuple(slice(None) if axis == "B" or axis in _CHANNELS else 0 for axis in axes)
    if all(isinstance(part, slice) for part in index):
        return tensor
    tensor[index] = 0
    return tensor


def _zero_channel(tensor: torch.Tensor, axes: tuple[str, ...]) -> torch.Tensor:
    for index, axis in enumerate(axes):
        if axis in _CHANNELS:
            tensor.select(index, 0).zero_()
    return tensor


def _zero_first(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.clone()
    tensor[0] = 0
    return tensor
