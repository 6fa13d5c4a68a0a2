"""What autograd keeps between a forward and its backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attncheck.lazy import torch


def saved_bytes(call: Callable[[], object], there: Iterable[torch.Tensor]) -> int:
    """Return the bytes that a forward pass saves for its backward pass, each storage once.

    Args:
        call: the forward pass, which must track gradients.
        there: tensors that are there anyway, inputs and parameters, which are not counted.
    """
    known = {tensor.untyped_storage()._cdata for tensor in there}
    kept: dict[int, tuple[torch.UntypedStorage, int]] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            # Held, so that no later storage can be taken for it.
            kept[storage._cdata] = (storage, storage.nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = call()
        del output
    return sum(size for _, size in kept.values())
