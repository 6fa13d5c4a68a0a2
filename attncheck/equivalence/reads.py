"""How a call reads a module's tensors: which of them when, and which axis of a matrix it sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.dispatcher import watching
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_FACTORS = {"mm": 0, "bmm": 0, "addmm": 1, "baddbmm": 1}
"""Products of two matrices: where among an operator's arguments they stand."""


@dataclass(frozen=True)
class Reads:
    """What a call reads; nothing of the tensors that it never reads.

    Attributes:
        order: parameter or buffer -> when it is first read.
        summed: matrix -> the axis over which the product with it sums: its inputs.
    """

    order: dict[str, int] = field(default_factory=dict)
    summed: dict[str, int] = field(default_factory=dict)


def reads_of(subject: Subject, module: torch.nn.Module) -> Reads:
    """Return how a call reads the module's tensors, nothing where it raises."""
    tensors = dict([*module.named_parameters(), *module.named_buffers()])
    storages = {t.untyped_storage()._cdata: name for name, t in tensors.items()}
    found = Reads()

    def name_of(value: Any) -> str | None:
        is_one = isinstance(value, torch.Tensor)
        return storages.get(value.untyped_storage()._cdata) if is_one else None

    def see(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        if not getattr(operator, "is_view", False):
            for tensor in torch.utils._pytree.tree_leaves((args, kwargs)):
                if (name := name_of(tensor)) is not None:
                    found.order.setdefault(name, len(found.order))
            for factor, axis in _summed(operator.overloadpacket.__name__, args):
                name = name_of(factor)
                if name is not None and (own := _axis_of(tensors[name], factor, axis)) is not None:
                    found.summed.setdefault(name, own)
        return operator(*args, **kwargs)

    trial = Trial(subject, subject.base())
    try:
        with torch.no_grad(), watching(see):
            trial.run(module, trial.inputs())
    except SubjectError:
        return Reads()
    return found


def _summed(operator: str, args: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    """Yield the factors of a matrix product, each with the axis of it that is summed over."""
    if operator in _FACTORS:
        first, second = args[_FACTORS[operator] :][:2]
        yield first, -1
        yield second, -2


def _axis_of(matrix: torch.Tensor, view: torch.Tensor, axis: int) -> int | None:
    """Return which axis of a matrix is this axis of a view of it, None where it is not told."""
    if matrix.ndim != 2 or matrix.stride(0) == matrix.stride(1) or 1 in matrix.shape:
        return None
    return next((own for own in (0, 1) if matrix.stride(own) == view.stride(axis)), None)
