"""What one call of a live module costs, whatever it is called with: as the whole model calls it."""

from __future__ import annotations

import contextlib
import copy
import math
from typing import Any

from attncheck.instruments.counting.count import NOT_ASKED, BothCounts, count_call
from attncheck.instruments.counting.dispatch import counting, tensors_in
from attncheck.instruments.counting.fvcore_check import Second
from attncheck.instruments.counting.parameters import inventory, never_used
from attncheck.lazy import torch
from attncheck.signature.offline import offline
from attncheck.subject.live import LiveCall, on_device
from attncheck.subject.raising import blamed
from attncheck.subject.sampling import seed_everything

_TWICE = 2**18
"""Elements of an input up to which a second counter traces the call."""


def count_live(call: LiveCall) -> BothCounts:
    """Count a live module's call, in one pass where it is made of shapes alone.

    Args:
        call: the module and its arguments: tensors wherever they stand, flags, caches. With
            values it is counted twice, and both stay as they were.

    Raises:
        SubjectError: ``forward`` raises.
    """
    if call.device == "meta":
        return _of_shapes(call)
    device, module = call.device, copy.deepcopy(call.module)
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
    return count_call(module, again, tensors, device=device, twice=small)


def _of_shapes(call: LiveCall) -> BothCounts:
    """Count a module that was built for this alone, so that nothing needs to be put back."""
    seed_everything(0, call.device)
    with on_device(call.device), counting(call.module) as tally, blamed("forward"), offline():
        outputs = tensors_in(call.module(*call.positional, **call.named))
    unused = never_used(call.module, outputs)
    return BothCounts(inventory(call.module), tally, Second(None, NOT_ASKED), unused)


def _own(leaf: Any) -> Any:
    """Return a copy of an argument that a call may change, such as a cache."""
    with contextlib.suppress(Exception):
        return copy.deepcopy(leaf)
    return leaf
