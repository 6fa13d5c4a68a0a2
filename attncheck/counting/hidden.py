"""Contractions written without a contraction operator, and the reverse.

``(a * b).sum(-1)`` contracts and runs no matrix product; a matrix product over an axis of one
contracts nothing. A closed form should not accuse a module of either, so both are noted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from attncheck.lazy import torch

_SUMS = frozenset(("sum", "mean"))
_MOST = 64
"""Products remembered at once; older ones are forgotten."""


@dataclass
class Hidden:
    """What a count might just as well have included or left out.

    Attributes:
        products: sizes of products that were then summed: each could be counted as so many MACs.
        outer: MACs of contractions over a single element: each could be counted as none.
    """

    products: list[int] = field(default_factory=list)
    outer: list[int] = field(default_factory=list)
    _open: dict[int, int] = field(default_factory=dict)

    def saw(
        self, name: str, inputs: list[torch.Tensor], outputs: list[torch.Tensor], *, view: bool
    ) -> None:
        """Note an operator that has no price."""
        if name in _SUMS and inputs and outputs and self._take(inputs[0]):
            size = math.prod(inputs[0].shape)
            if size > math.prod(outputs[0].shape):
                self.products.append(size)
        if not view:
            self._forget(outputs)
        if name == "mul" and len(inputs) == 2 and outputs:
            self._remember(outputs[0])

    def priced(self, macs: int, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> None:
        """Note a contraction whose every output element is one product."""
        self._forget(outputs)
        if macs and outputs and macs == math.prod(outputs[0].shape) and len(inputs) >= 2:
            self.outer.append(macs)

    @property
    def alternatives(self) -> list[int]:
        """What could be added to the count (positive) or taken off it (negative)."""
        return self.products + [-macs for macs in self.outer]

    def _remember(self, product: torch.Tensor) -> None:
        # Views and reshapes between the two share the storage, and the number stays with it.
        if len(self._open) >= _MOST:
            self._open.pop(next(iter(self._open)))
        self._open[_storage(product)] = product.numel()

    def _take(self, tensor: torch.Tensor) -> bool:
        return self._open.pop(_storage(tensor), None) == tensor.numel()

    def _forget(self, tensors: list[torch.Tensor]) -> None:
        """Drop what new results were written over: memory that is free is used again."""
        for tensor in tensors:
            self._open.pop(_storage(tensor), None)


def _storage(tensor: torch.Tensor) -> int:
    """Return what tells memory apart; 0 where a tensor has none of its own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return 0
