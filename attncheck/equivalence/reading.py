"""Run the reference on the subject's own tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment, Part
from attncheck.equivalence.bound import BoundConv, BoundLayer, BoundNorm
from attncheck.equivalence.fitting import squeezed_kernel
from attncheck.lazy import torch

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism
    from attncheck.reference.slots import Slot


def slots_of(
    mechanism: Mechanism, assignment: Assignment, module: torch.nn.Module
) -> SimpleNamespace:
    """Return the slots as views of the module's tensors."""
    bound: dict[str, Any] = dict.fromkeys(mechanism.slots)
    for name, part in assignment.parts.items():
        bound[name] = _layer(mechanism.slots[name], part, assignment.values, module)
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
    slots = slots_of(mechanism, assignment, module)

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
    if slot.kind == "norm":
        return BoundNorm(module.get_submodule(unit.owner), module.training)
    if unit.kind == "buffer":
        return unit.read(module.get_buffer)
    weight = unit.read(module.get_parameter)
    bias = (
        module.get_parameter(part.bias).reshape(-1)
        if part.bias
        else unit.read_bias(module.get_parameter)
    )
    if slot.kind in ("tensor", "buffer"):
        return weight.reshape(slot.shape(values))
    if slot.kind == "linear":
        if part.columns is not None:
            return BoundLayer(weight[:, slice(*part.columns)], bias if part.biased else None)
        if part.rows is None:
            return BoundLayer(weight, bias)
        return BoundLayer(part.rows.of(weight), None if bias is None else part.rows.of(bias))
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
