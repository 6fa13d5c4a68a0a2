"""Sites of a tensor: its places, or its channels, with everything else folded away."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attncheck.instruments.behaviour.axes import indices
from attncheck.lazy import torch


@dataclass(frozen=True)
class Sites:
    """Some axes of a tensor, of which one index is a site; only the first sample counts.

    Attributes:
        axes: all axes of the tensor, ``B`` among them or not.
        over: the axes whose indices are sites.
    """

    axes: tuple[str, ...]
    over: tuple[str, ...]

    def sizes(self, tensor: torch.Tensor) -> tuple[int, ...]:
        """Return the sizes of the site axes."""
        return tuple(tensor.shape[i] for i in indices(self.axes, self.over))

    def spread(self, sites: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
        """Return a boolean tensor of the tensor's shape: these sites of the first sample."""
        order = sorted(range(len(self.over)), key=lambda i: self.axes.index(self.over[i]))
        shape = [n if a in self.over else 1 for a, n in zip(self.axes, tensor.shape, strict=True)]
        mask = sites.permute(order).reshape(shape).expand(tensor.shape).clone()
        if "B" in self.axes:
            batch = self.axes.index("B")
            mask.narrow(batch, 1, tensor.shape[batch] - 1).fill_(False)
        return mask

    def rows(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the first sample as (sites, everything else)."""
        places = indices(self.axes, self.over)
        batch = [self.axes.index("B")] if "B" in self.axes else []
        rest = [i for i in range(tensor.ndim) if i not in places and i not in batch]
        moved = tensor.permute(*batch, *places, *rest)
        first = moved[0] if batch else moved
        return first.reshape(math.prod(self.sizes(tensor)), -1)


def flat_index(place: tuple[int, ...], sizes: tuple[int, ...]) -> int:
    """Return the row of a place among :meth:`Sites.rows`."""
    index = 0
    for i, n in zip(place, sizes, strict=True):
        index = index * n + i
    return index


def unflat(index: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the place of a row: the inverse of :func:`flat_index`."""
    place: list[int] = []
    for n in reversed(sizes):
        place.insert(0, index % n)
        index //= n
    return tuple(place)


def sampled(sizes: tuple[int, ...], seed: int, extra: int = 2) -> list[tuple[int, ...]]:
    """Return the centre, the corners and some random places, each once, the centre first."""
    source = torch.Generator().manual_seed(seed)
    ends = [sorted({0, n - 1}) for n in sizes]
    corners: list[tuple[int, ...]] = [()]
    for choices in ends:
        corners = [(*corner, i) for corner in corners for i in choices]
    random = [
        tuple(int(torch.randint(n, (1,), generator=source)) for n in sizes) for _ in range(extra)
    ]
    centre = tuple(n // 2 for n in sizes)
    return list(dict.fromkeys([centre, *corners, *random]))
