"""Run the reference on the subject's own tensors: its layers are views of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment, Part
from attncheck.equivalence.norms import is_rms_norm, normed
from attncheck.equivalence.rows import outermost
from attncheck.equivalence.sizes import squeezed_kernel
from attncheck.equivalence.units import Unit
from attncheck.lazy import torch

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism
    from attncheck.reference.slots import Slot


@dataclass(frozen=True)
class BoundLayer:
    """A matrix, read by the steps as ``layer.weight`` (out, in) and ``layer.bias``."""

    weight: torch.Tensor
    bias: torch.Tensor | None


@dataclass(frozen=True)
class BoundConv:
    """A convolution with the padding, dilation and groups that the *definition* states."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    dilation: int
    groups: int
    stride: int
    padding: int

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """The kernel's sizes, as a convolution module states them."""
        return tuple(self.weight.shape[2:])

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        apply = torch.nn.functional.conv1d if self.weight.ndim == 3 else torch.nn.functional.conv2d
        return apply(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


@dataclass(frozen=True)
class BoundNorm:
    """A norm of the subject as one unit: weight, bias, statistics and eps together.

    Running statistics are read as they were before the call, so that a call in training mode
    neither sees nor makes changes.
    """

    norm: Any
    training: bool
    unit: Unit | None = None
    groups: int = 1

    @property
    def weight(self) -> torch.Tensor:
        """The scale, for a definition that reads it."""
        weight: torch.Tensor = self.unit.read(self._read) if self.unit else self.norm.weight
        return weight

    def _read(self, name: str) -> torch.Tensor:
        found: torch.Tensor = self.norm.get_parameter(name).reshape(-1)
        return found

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        norm = self.norm
        functional = torch.nn.functional
        if (unit := self.unit) is not None:
            gain, shift = self.weight, self._read(unit.bias) if unit.bias else None
            if unit.norm == "group":
                return functional.group_norm(x, self.groups, gain, shift, unit.eps)
            if unit.statistics is not None:
                kept = [norm.get_buffer(name).reshape(-1) for name in unit.statistics]
                mean, var = (None, None) if self.training else kept
                return functional.batch_norm(
                    x, mean, var, gain, shift, self.training, 0.0, unit.eps
                )
            return normed(unit.norm, x, gain, shift, unit.eps)
        if is_rms_norm(norm):
            eps = getattr(norm, "eps", getattr(norm, "variance_epsilon", None))
            return functional.rms_norm(x, norm.weight.shape, norm.weight, eps)
        if hasattr(norm, "normalized_shape"):
            shape = _trailing(tuple(norm.normalized_shape), x)
            weight, bias = (
                None if t is None else t.reshape(shape) for t in (norm.weight, norm.bias)
            )
            return functional.layer_norm(x, shape, weight, bias, norm.eps)
        if hasattr(norm, "num_groups"):
            return functional.group_norm(x, norm.num_groups, norm.weight, norm.bias, norm.eps)
        batch = self.training or norm.running_mean is None
        mean = None if batch else norm.running_mean
        var = None if batch else norm.running_var
        return functional.batch_norm(x, mean, var, norm.weight, norm.bias, batch, 0.0, norm.eps)


def _trailing(shape: tuple[int, ...], x: torch.Tensor) -> tuple[int, ...]:
    """Return a LayerNorm's shape without the axes of size one that the definition has not."""
    while shape[-1:] == (1,) and x.shape[-len(shape) :] != shape:
        shape = shape[:-1]
    return shape


def slots_of(
    mechanism: Mechanism,
    assignment: Assignment,
    module: torch.nn.Module,
    values: Mapping[str, Any],
) -> SimpleNamespace:
    """Return the slots as views of the module's tensors, at the sizes of this case.

    Raises:
        RuntimeError: a table of the module is for another size of input than the case has: of
            such a case the definition says nothing.
    """
    bound: dict[str, Any] = dict.fromkeys(mechanism.slots)
    for name, part in assignment.parts.items():
        bound[name] = _layer(mechanism.slots[name], part, values, module)
    return SimpleNamespace(**bound)


def run_reference(
    mechanism: Mechanism,
    assignment: Assignment,
    module: torch.nn.Module,
    data: Sequence[torch.Tensor],
    dims: Mapping[str, int],
    *,
    hidden: torch.Tensor | None = None,
    function: Callable[..., Any] | None = None,
) -> torch.Tensor:
    """Return what the definition computes from these tensors; a tuple's first element.

    Args:
        mechanism: the definition.
        assignment: which of the module's tensors each slot reads.
        module: the subject's module; its mode is the definition's.
        data: the data inputs, in our order of axes.
        dims: the sizes of this case.
        hidden: (B, N, M), True where a query must not see a key.
        function: a mutant of the definition, to be run in its place.
    """
    run = bound(mechanism, assignment, module, data, dims, hidden=hidden)
    return run(function or mechanism.function)


def bound(
    mechanism: Mechanism,
    assignment: Assignment,
    module: torch.nn.Module,
    data: Sequence[torch.Tensor],
    dims: Mapping[str, int],
    *,
    hidden: torch.Tensor | None = None,
) -> Callable[[Callable[..., Any]], torch.Tensor]:
    """Return what runs the definition, or mutants of it one after the other, on these tensors.

    The arguments are those of :func:`run_reference`.
    """
    values = {**mechanism.defaults, **assignment.values, **dims, **_own(mechanism, assignment)}
    options = SimpleNamespace(**values, training=module.training)
    named = {} if hidden is None else {"mask": hidden}
    slots = slots_of(mechanism, assignment, module, values)

    def run(function: Callable[..., Any]) -> torch.Tensor:
        found: Any = function(slots, options, *data, **named)
        output: torch.Tensor = found[0] if isinstance(found, tuple) else found
        return output

    return run


def _own(mechanism: Mechanism, assignment: Assignment) -> dict[str, Any]:
    """The values that matching found win over the case's: it read them off the tensors."""
    names = (set(mechanism.defaults) | set(mechanism.derived)) - {"B", "H", "W", "N", "M"}
    return {name: value for name, value in assignment.values.items() if name in names}


def _layer(slot: Slot, part: Part, values: Mapping[str, Any], module: torch.nn.Module) -> Any:
    unit = part.unit
    if slot.kind == "norm" and unit.norm:  # its tensors are named from the whole module
        groups = int(slot.setting("groups", values, 1))
        return BoundNorm(module, module.training, unit, groups)
    if slot.kind == "norm":
        return BoundNorm(module.get_submodule(unit.owner), module.training)
    if unit.kind == "buffer":
        return unit.read(module.get_buffer)
    weight = unit.read(module.get_parameter)
    bias = (
        module.get_parameter(part.bias).reshape(-1)
        if part.bias
        else unit.read_bias(module.get_parameter)
        if part.biased
        else None
    )
    if slot.kind in ("tensor", "buffer"):
        weight = weight if part.rows is None else part.rows.of(weight)
        return weight.reshape(slot.shape(values))
    if slot.kind == "linear":
        if part.columns is not None:
            return BoundLayer(weight[:, slice(*part.columns)], bias)
        if part.inner_columns:
            weight = outermost(weight.T, part.inner_columns).T
        if part.rows is None:
            return BoundLayer(weight, bias)
        # A bias of its own has no rows of other slots.
        own = bias if bias is None or part.bias else part.rows.of(bias)
        return BoundLayer(part.rows.of(weight), own)
    squeezed = squeezed_kernel(weight, int(slot.setting("rank", values, 2)))
    assert squeezed is not None
    return BoundConv(
        squeezed,
        bias,
        int(slot.setting("dilation", values, 1)),
        int(slot.setting("groups", values, 1)),
        int(slot.setting("stride", values, 1)),
        slot.padding(values),
    )
