"""Contractions written without a contraction operator, and the reverse.

``(a * b).sum(-1)`` contracts and runs no matrix product; a matrix product over an axis of one
contracts nothing. A closed form should not accuse a module of either, so both are noted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from attncheck.lazy import torch

_SUMS = frozenset(("sum", "mean"))
_MOST = 64
"""Products remembered at once; older ones are forgotten."""


@dataclass
class _Product:
    """A product that may be summed yet: its shape, its factors', whether anything else read it."""

    shape: tuple[int, ...]
    factors: list[tuple[int, ...]]
    read: bool = False
    summed: int | None = None

    def contracts(self, tensor: torch.Tensor, axes: Any) -> bool:
        """Say whether both factors change along what is summed; else one could be drawn out."""
        if tuple(tensor.shape) != self.shape:
            return True
        rank = len(self.shape)
        stated = isinstance(axes, list | tuple) and axes
        summed = {axis % rank for axis in axes} if stated and rank else set(range(rank))
        lead = [(1,) * (rank - len(factor)) + factor for factor in self.factors]
        return all(any(factor[axis] > 1 for axis in summed) for factor in lead)


@dataclass
class Hidden:
    """What a count might just as well have included or left out.

    Attributes:
        products: sizes of products that were then summed: each could be counted as so many MACs.
        outer: MACs of contractions over a single element: each could be counted as none.
    """

    products: list[int] = field(default_factory=list)
    outer: list[int] = field(default_factory=list)
    _open: dict[int, _Product] = field(default_factory=dict)
    _alone: dict[int, int] = field(default_factory=dict)

    def saw(
        self,
        name: str,
        inputs: list[torch.Tensor],
        outputs: list[torch.Tensor],
        *,
        view: bool,
        axes: object = None,
    ) -> None:
        """Note an operator that has no price; ``axes`` are those that a sum runs over."""
        if name in _SUMS and inputs and outputs:
            self._sum(inputs[0], outputs[0], axes)
        elif not view:
            self._read(inputs)
        if not view:
            self._forget(outputs)
        if name == "mul" and len(inputs) == 2 and outputs:
            self._remember(outputs[0], inputs)

    def priced(self, macs: int, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> None:
        """Note a contraction whose every output element is one product."""
        self._read(inputs)
        self._forget(outputs)
        if macs and outputs and macs == outputs[0].numel() and len(inputs) >= 2:
            self.outer.append(macs)

    @property
    def alternatives(self) -> list[int]:
        """What could be added to the count (positive) or taken off it (negative)."""
        return self.products + [-macs for macs in self.outer]

    @property
    def written_out(self) -> int:
        """MACs of contractions by product and sum: the product serves nothing but the sum."""
        return sum(self._alone.values())

    def _sum(self, tensor: torch.Tensor, out: torch.Tensor, axes: Any) -> None:
        product = self._open.get(_storage(tensor))
        if product is None or math.prod(product.shape) != tensor.numel():
            return
        if product.summed is not None or tensor.numel() <= out.numel():
            self._read([tensor])
            return
        product.summed = len(self.products)
        self.products.append(tensor.numel())
        if not product.read and product.contracts(tensor, axes):
            self._alone[product.summed] = tensor.numel()

    def _read(self, tensors: list[torch.Tensor]) -> None:
        for tensor in tensors:
            product = self._open.get(_storage(tensor))
            if product is not None:
                product.read = True
                if product.summed is not None:
                    self._alone.pop(product.summed, None)

    def _remember(self, product: torch.Tensor, factors: list[torch.Tensor]) -> None:
        # Views and reshapes between the two share the storage, and the number stays with it.
        if not (storage := _storage(product)):
            return
        if len(self._open) >= _MOST:
            self._open.pop(next(iter(self._open)))
        self._open[storage] = _Product(
            tuple(product.shape), [tuple(factor.shape) for factor in factors]
        )

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
