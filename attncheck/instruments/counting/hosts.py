"""Tell a block that hosts the mechanism beside layers of its own from a wrong count.

A block of a detector takes an attention in and adds a convolution before it or a projection
after it. Its count is the closed form's plus what those layers hold. Layers that repeat the
shapes of others are no host's: an MLP that should be shared is one.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping

from attncheck.lazy import torch

_MOST_PARTS = 24


def beside(
    module: torch.nn.Module, shares: Mapping[str, int], layers: int
) -> dict[int, tuple[str, ...]]:
    """Return what so many layers of a host's own may hold: total share -> their names.

    Args:
        module: the block.
        shares: submodule's name -> its share of the count (parameters, or MACs).
        layers: how many layers.
    """
    parts = dict(module.named_modules())
    names = [n for n, part in parts.items() if n and shares.get(n) and _distinct(module, part)]
    found: dict[int, tuple[str, ...]] = {}
    for chosen in itertools.combinations(names[:_MOST_PARTS], layers):
        if not any(_inside(a, b) for a, b in itertools.permutations(chosen, 2)):
            found.setdefault(sum(shares[name] for name in chosen), chosen)
    return found


def parameters_of_parts(module: torch.nn.Module) -> dict[str, int]:
    """Return submodule's name -> elements of its parameters."""
    return {
        name: sum(parameter.numel() for parameter in part.parameters())
        for name, part in module.named_modules()
    }


def _distinct(module: torch.nn.Module, part: torch.nn.Module) -> bool:
    """Say whether the part has weights, and none of the shape of one elsewhere."""
    own = Counter(tuple(p.shape) for p in part.parameters() if p.ndim >= 2)
    everywhere = Counter(tuple(p.shape) for p in module.parameters() if p.ndim >= 2)
    weightless = not own and any(True for _ in part.parameters())
    return weightless or (bool(own) and all(own[shape] == everywhere[shape] for shape in own))


def _inside(name: str, other: str) -> bool:
    return name.startswith(other + ".")
