"""Fit a unit of the subject to a slot of the reference: sizes unify, dims become known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attncheck.data.formula import Formula
from attncheck.equivalence.norms import is_rms_norm
from attncheck.equivalence.units import Unit
from attncheck.errors import SpecError
from attncheck.lazy import torch

if TYPE_CHECKING:
    from attncheck.reference.slots import Slot


Dims = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """The sizes of one module's tensors.

    Attributes:
        module: the subject's module.
        tensors: its parameters, under every name.
        buffers: its buffers.
    """

    module: torch.nn.Module
    tensors: Mapping[str, torch.Tensor]
    buffers: Mapping[str, torch.Tensor]

    def fit(self, slot: Slot, unit: Unit, dims: Dims) -> Dims | None:
        """Return the dims with which the unit fits a slot other than a matrix, or None."""
        match slot.kind:
            case "conv":
                return self._conv(slot, unit, dims)
            case "norm":
                return self._norm(slot, unit, dims)
            case "buffer":
                return self._buffer(slot, unit, dims)
        return self._tensor(slot, unit, dims)

    def _conv(self, slot: Slot, unit: Unit, dims: Dims) -> Dims | None:
        if unit.kind != "conv":
            return None
        settings = dict(slot.settings)
        rank = int(slot.setting("rank", dims, 2))
        weight = squeezed_kernel(unit.read(self.tensors.__getitem__), rank)
        if weight is None or len(set(weight.shape[2:])) != 1:
            return None
        found = setting(settings.get("kernel", 1), weight.shape[2], dims)
        if found is None:
            return None
        fitted = unify(slot.sizes[1], weight.shape[0], found)
        if fitted is None:
            return None
        groups = settings.get("groups", 1)
        if isinstance(groups, str):
            inputs = unify(slot.sizes[0], weight.shape[1], fitted)
            width = slot.shape(fitted)[0] if inputs is None else weight.shape[1]
            return unify(groups, width // weight.shape[1], fitted)
        return unify(slot.sizes[0], weight.shape[1] * int(groups), fitted)

    def _norm(self, slot: Slot, unit: Unit, dims: Dims) -> Dims | None:
        if unit.kind != "norm":
            return None
        settings = dict(slot.settings)
        rms = settings.get("rms", False)  # a name is an option that the layer itself tells
        if unit.norm:
            other = not isinstance(rms, str) and rms is not (unit.norm == "rms")
            if other or "rank" in settings or "groups" in settings:
                return None
            return unify(slot.sizes[0], self.tensors[unit.weight].numel(), dims)
        norm = self.module.get_submodule(unit.owner)
        if "groups" in settings:
            found = setting(settings["groups"], getattr(norm, "num_groups", 0), dims)
            features = getattr(norm, "num_channels", 0)
            return None if found is None else unify(slot.sizes[0], features, found)
        if "rank" in settings:
            return unify(slot.sizes[0], getattr(norm, "num_features", 0), dims)
        if not isinstance(rms, str) and rms is not is_rms_norm(norm):
            return None
        if unit.weight:
            size = self.tensors[unit.weight].shape[0]
        else:
            size = int(getattr(norm, "normalized_shape", (0,))[0])
        return unify(slot.sizes[0], size, dims)

    def _tensor(self, slot: Slot, unit: Unit, dims: Dims) -> Dims | None:
        if unit.kind != "tensor":
            return None
        wanted = tuple(text for text in slot.sizes if text != "1")
        sizes = tuple(n for n in unit.view(self.tensors[unit.weight]).shape if n != 1)
        if len(sizes) < len(wanted) and not unit.reading:
            # A width may be one, too, such as that of groups with a single channel each.
            shape = self.tensors[unit.weight].shape
            ahead = max(len(shape) - len(slot.sizes), 0)
            if set(shape[:ahead]) <= {1}:
                return unify_all(slot.sizes, tuple(shape[ahead:]), dims)
        return unify_all(wanted, sizes, dims)

    def _buffer(self, slot: Slot, unit: Unit, dims: Dims) -> Dims | None:
        """Fit what is drawn once: a buffer, or a parameter that is kept from learning."""
        found = self.buffers.get(unit.weight)
        if unit.kind == "tensor" and not self.tensors[unit.weight].requires_grad:
            found = self.tensors[unit.weight]
        return None if found is None else unify_all(slot.sizes, tuple(unit.view(found).shape), dims)


def unify(formula: str, size: int, known: Mapping[str, Any]) -> Dims | None:
    """Return the dims with which ``formula`` has this size, or None if there are none.

    A single unknown name is solved for among 1 … size.
    """
    expression = Formula(formula)
    unknown = [name for name in sorted(expression.names) if name not in known]
    if not unknown:
        return dict(known) if _value(expression, known) == size else None
    if len(unknown) > 1:
        return None
    if expression.text.strip() == unknown[0]:
        return {**known, unknown[0]: size}
    for value in range(1, size + 1):
        trial = {**known, unknown[0]: value}
        if _value(expression, trial) == size:
            return trial
    return None


def unify_all(
    formulas: tuple[str, ...], sizes: tuple[int, ...], known: Mapping[str, Any]
) -> Dims | None:
    """Unify several sizes, those with the fewest unknown names first."""
    if len(formulas) != len(sizes):
        return None
    dims: Dims | None = dict(known)
    pairs = sorted(
        zip(formulas, sizes, strict=True), key=lambda pair: len(Formula(pair[0]).names - set(known))
    )
    for formula, size in pairs:
        assert dims is not None
        dims = unify(formula, size, dims)
        if dims is None:
            return None
    return dims


def setting(value: object, size: int, known: Mapping[str, Any]) -> Dims | None:
    """Unify a slot's setting (a number, or a formula) with what the subject has."""
    if isinstance(value, str):
        return unify(value, size, known)
    return dict(known) if value == size else None


def squeezed_kernel(weight: torch.Tensor, rank: int) -> torch.Tensor | None:
    """Return a convolution's weight with ``rank`` kernel axes, dropping axes of size one."""
    while weight.ndim > rank + 2:
        ones = [axis for axis in range(2, weight.ndim) if weight.shape[axis] == 1]
        if not ones:
            return None
        weight = weight.squeeze(ones[-1])
    return weight if weight.ndim == rank + 2 else None


def _value(expression: Formula, dims: Mapping[str, Any]) -> Any:
    try:
        return expression.evaluate(dims)
    except SpecError:
        return None
