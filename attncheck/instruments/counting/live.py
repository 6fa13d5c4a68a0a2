"""What one call of a live module costs, whatever it is called with: as the whole model calls it."""

from __future__ import annotations

import contextlib
import copy
import math
from typing import Any

from attncheck.instruments.counting.count import BothCounts, count_call
from attncheck.instruments.counting.dispatch import tensors_in
from attncheck.lazy import torch
from attncheck.subject.live import LiveCall
from attncheck.subject.raising import blamed

_TWICE = 2**18
"""Elements of an input up to which a second counter traces the call."""


def count_live(call: LiveCall, device: str = "cpu") -> BothCounts:
    """Count a live module's call; the module and its arguments stay as they were.

    Args:
        call: the module and its arguments: tensors wherever they stand, flags, caches.
        device: ``cpu``, or ``meta`` for shapes alone.

    Raises:
        SubjectError: it cannot be called again with the same.
    """
    module = copy.deepcopy(call.module).to(device)
    arguments = (tuple(call.positional), dict(call.named))
    leaves, form = torch.utils._pytree.tree_flatten(arguments)
    places = [at for at, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    tensors = [leaves[at].detach().to(device) for at in places]

    def again(*given: torch.Tensor) -> list[torch.Tensor]:
        values = [leaf if isinstance(leaf, torch.Tensor) else _own(leaf) for leaf in leaves]
        for at, tensor in zip(places, given, strict=True):
            values[at] = tensor
        positional, named = torch.utils._pytree.tree_unflatten(values, form)
        with blamed("forward"):
            return tensors_in(module(*positional, **named))

    small = all(math.prod(tensor.shape) <= _TWICE for tensor in tensors)
    return count_call(module, again, tensors, device=device, twice=small and device != "meta")


def _own(leaf: Any) -> Any:
    """Return a copy of an argument that a call may change, such as a cache."""
    with contextlib.suppress(Exception):
        return copy.deepcopy(leaf)
    return leaf
