"""The peak of memory that a forward pass allocates, followed operator by operator.

Exact in what tensors hold, on ``meta`` too; what a kernel allocates inside and frees before it
returns is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from attncheck.counting.dispatch import tensors_in
from attncheck.lazy import torch
from attncheck.watching import watching


@dataclass
class Memory:
    """Bytes above what was there at entry.

    Attributes:
        peak: the most that was alive at once.
        live: storages made inside that are still alive, with their sizes.
    """

    peak: int = 0
    live: dict[int, tuple[Any, int]] = field(default_factory=dict)

    def sweep(self) -> None:
        """Forget what has been freed."""
        self.live = {key: held for key, held in self.live.items() if not held[0].expired()}

    def add(self, tensors: list[torch.Tensor], known: set[int]) -> None:
        """Note the storages behind new tensors, those of views and arguments left out."""
        from torch.multiprocessing.reductions import StorageWeakRef

        for tensor in tensors:
            storage = tensor.untyped_storage()
            if storage._cdata not in known and storage._cdata not in self.live:
                weak = StorageWeakRef(storage)  # type: ignore[no-untyped-call,unused-ignore]
                self.live[storage._cdata] = (weak, storage.nbytes())
        self.peak = max(self.peak, sum(size for _, size in self.live.values()))


@contextmanager
def following(inside: list[torch.Tensor]) -> Iterator[Memory]:
    """Follow allocations; ``inside`` are tensors that were there before (inputs, parameters)."""
    memory = Memory()
    before = {tensor.untyped_storage()._cdata for tensor in inside}

    def run(_: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        out = operator(*args, **kwargs)
        memory.sweep()
        memory.add(tensors_in(out), before)
        return out

    with watching(run):
        yield memory
