"""Values told apart whatever their shape and order: which of many tensors holds these numbers."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator
from dataclasses import dataclass

from attncheck.lazy import torch
from attncheck.subject.tolerance import EQUAL

_HUGE = 1e8
"""What hides a key: -inf, the lowest finite number, -1e9; which of them says nothing."""
_MOST_ORDERS = 24


@dataclass(frozen=True)
class Figures:
    """A tensor's numbers, whatever their order: how many, mean, mean square and both ends."""

    count: int
    mean: float
    square: float
    largest: float
    smallest: float

    def same(self, other: Figures) -> bool:
        """Say whether both are of the same numbers, up to rounding."""
        if self.count != other.count:
            return False
        ends = (self.largest, -self.smallest, -other.smallest, other.largest)
        scale = max(max(ends), -min(ends)) or 1.0
        return (
            abs(self.square - other.square) <= 2 * EQUAL * scale * scale
            and abs(self.mean - other.mean) <= EQUAL * scale
            and abs(self.largest - other.largest) <= EQUAL * scale
            and abs(self.smallest - other.smallest) <= EQUAL * scale
        )

    @property
    def flat(self) -> bool:
        """Whether all of its numbers are one number: nothing to tell it by."""
        return self.largest - self.smallest <= EQUAL * max(abs(self.largest), 1e-30)


def figures(tensor: torch.Tensor) -> Figures:
    """Return the figures of a tensor; what only hides a key counts as zero."""
    t = tensor.detach().double().reshape(-1)
    if not t.numel():
        return Figures(0, 0.0, 0.0, 0.0, 0.0)
    ends = torch.aminmax(t)
    smallest, largest = ends.min.item(), ends.max.item()
    if not (smallest > -_HUGE and largest < _HUGE):
        t = torch.where(t.abs() < _HUGE, t, torch.zeros_like(t))
        ends = torch.aminmax(t)
        smallest, largest = ends.min.item(), ends.max.item()
    count = t.numel()
    return Figures(count, t.sum().item() / count, t.dot(t).item() / count, largest, smallest)


def in_shape(tensor: torch.Tensor, shape: tuple[int, ...]) -> Iterator[torch.Tensor]:
    """Yield a tensor in a shape of as many numbers: as it lies, then with its axes exchanged."""
    yield tensor.reshape(shape)
    wide = [axis for axis in range(tensor.ndim) if tensor.shape[axis] != 1]
    if not 2 <= len(wide) <= 5:
        return
    core = tensor.squeeze()
    wanted = tuple(n for n in shape if n != 1)
    orders = itertools.permutations(range(len(wide)))
    for order in itertools.islice(orders, 1, 120):
        if tuple(core.shape[axis] for axis in order) == wanted:
            yield core.permute(order).reshape(shape)


def same_order(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Say whether two tensors of the same numbers differ in the order of their axes alone."""
    if a.numel() != b.numel():
        return False
    a, b = a.detach().squeeze(), b.detach().squeeze()
    scale = float(b.nan_to_num(0.0, 0.0, 0.0).abs().clamp(max=_HUGE).max()) if b.numel() else 1.0
    for turned, kept in ((a, b), (b, a)):
        flat = kept.reshape(-1).clamp(-_HUGE, _HUGE)
        for order in itertools.islice(itertools.permutations(range(turned.ndim)), 120):
            other = turned.permute(order)
            if not _grouped(tuple(other.shape), tuple(kept.shape)):
                continue
            gap = (other.reshape(-1).clamp(-_HUGE, _HUGE) - flat).abs().max()
            if float(gap) <= 10 * EQUAL * (scale or 1.0):
                return True
    return False


def _grouped(fine: tuple[int, ...], coarse: tuple[int, ...]) -> bool:
    """Say whether one shape is the other's with neighbouring axes joined."""
    steps = [set(itertools.accumulate(shape, operator.mul)) for shape in (fine, coarse)]
    return steps[0] <= steps[1] or steps[1] <= steps[0]
