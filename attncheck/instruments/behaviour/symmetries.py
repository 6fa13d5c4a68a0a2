"""Changes of an input under which a mechanism does not change, or changes alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attncheck.instruments.behaviour.axes import channel_of, places_of
from attncheck.lazy import torch

NAMES = (
    "pixel permutation",
    "token permutation",
    "row permutation",
    "column permutation",
    "channel permutation",
    "batch permutation",
    "flip H",
    "flip W",
    "flip",
    "transposition",
    "translation",
    "repetition",
    "shift",
    "channel shift",
    "sign",
    "scale",
    "scale of large values",
)
VALUES = ("shift", "channel shift", "sign", "scale", "scale of large values")
"""Symmetries that change values; the others move them."""

Transform = Callable[["torch.Tensor", tuple[str, ...]], "torch.Tensor"]


@dataclass(frozen=True)
class Symmetry:
    """One drawn symmetry.

    Attributes:
        name: one of :data:`NAMES`.
        moves: applies it to a tensor with these axes; the output is moved like the input.
    """

    name: str
    moves: Transform


def moved_axes(name: str, axes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the axes along which a symmetry moves values; none when it changes them."""
    places = places_of(axes)
    match name:
        case (
            "pixel permutation"
            | "token permutation"
            | "translation"
            | "transposition"
            | "repetition"
        ):
            return places
        case "row permutation" | "flip H":
            return places[:1]
        case "column permutation" | "flip W" | "flip":
            return places[-1:]
        case "channel permutation":
            return (channel_of(axes),)
        case "batch permutation":
            return ("B",)
    return ()


def symmetry(name: str, axes: tuple[str, ...], sizes: dict[str, int], seed: int) -> Symmetry:
    """Draw a symmetry for an input with these axes.

    Args:
        name: one of :data:`NAMES`.
        axes: of the input.
        sizes: of its axes.
        seed: which permutation, shift or factor.
    """
    source = torch.Generator().manual_seed(seed)
    along = moved_axes(name, axes)
    if name in VALUES:
        return Symmetry(name, _of_values(name, source))
    if name == "transposition":
        return Symmetry(name, _swapped)
    if name == "translation":
        return Symmetry(name, lambda t, its: _rolled(t, its, along))
    if name == "repetition":
        return Symmetry(name, lambda t, its: _tiled(t, its, along))
    if name.startswith("flip"):
        return Symmetry(name, lambda t, its: t.flip([_index(its, a, along) for a in along]))
    count = 1
    for axis in along:
        count *= sizes[axis]
    order = torch.randperm(count, generator=source)
    if torch.equal(order, torch.arange(count)):
        order = order.roll(1)
    return Symmetry(name, lambda t, its: _permuted(t, its, along, order))


def _index(axes: tuple[str, ...], axis: str, along: tuple[str, ...]) -> int:
    """Return where an axis of the input stands in another tensor; channels are its channels."""
    if axis in axes:
        return axes.index(axis)
    if axis not in places_of(along) and axis != "B" and channel_of(axes):
        return axes.index(channel_of(axes))
    raise ValueError(f"the output has no axis '{axis}'")


def _permuted(
    tensor: torch.Tensor, axes: tuple[str, ...], along: tuple[str, ...], order: torch.Tensor
) -> torch.Tensor:
    moved = [_index(axes, axis, along) for axis in along]
    rest = [i for i in range(tensor.ndim) if i not in moved]
    front = (*rest, *moved)
    shape = [tensor.shape[i] for i in front]
    flat = tensor.permute(front).reshape(*shape[: len(rest)], -1)
    back = [front.index(i) for i in range(tensor.ndim)]
    return flat[..., order.to(tensor.device)].reshape(shape).permute(back).contiguous()


def _swapped(tensor: torch.Tensor, axes: tuple[str, ...]) -> torch.Tensor:
    first, second = (axes.index(axis) for axis in places_of(axes)[:2])
    return tensor.transpose(first, second).contiguous()


def _rolled(tensor: torch.Tensor, axes: tuple[str, ...], along: tuple[str, ...]) -> torch.Tensor:
    moved = [_index(axes, axis, along) for axis in along]
    return tensor.roll([i + 1 for i in range(len(moved))], moved)


def _tiled(tensor: torch.Tensor, axes: tuple[str, ...], along: tuple[str, ...]) -> torch.Tensor:
    """Repeat a tensor along those of the places that it has: twice, and three times the last."""
    times = {axis: 3 if axis == along[-1] else 2 for axis in along}
    return tensor.repeat([times.get(axis, 1) for axis in axes])


def _of_values(name: str, source: torch.Generator) -> Transform:
    # Large enough that values drawn away from zero stay away from it.
    number = 2.2 + float(torch.rand(1, generator=source))

    def change(tensor: torch.Tensor, axes: tuple[str, ...]) -> torch.Tensor:
        if name == "sign":
            return -tensor
        if name.startswith("scale"):
            return tensor * number
        if name == "shift":
            return tensor + number
        at = axes.index(channel_of(axes))
        shape = [n if i == at else 1 for i, n in enumerate(tensor.shape)]
        count = torch.arange(tensor.shape[at], dtype=tensor.dtype, device=tensor.device)
        steps = (number + count / len(count)) * (1 - 2 * (count % 2))
        return tensor + steps.reshape(shape)

    return change
