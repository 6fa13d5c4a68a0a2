"""Peaks of memory: followed operator by operator, or from torch's own allocator.

``following`` is exact in what tensors hold, on ``meta`` too; what a kernel allocates inside and
frees before it returns is not seen. ``peak_of`` is exact in what goes through the allocator, with
kernels' buffers, to the byte and on every run; what oneDNN keeps outside of it (recurrent layers)
is not seen. ``saved_bytes`` is what autograd keeps between a forward and its backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from attncheck.instruments.counting.dispatch import tensors_in
from attncheck.lazy import torch
from attncheck.subject.dispatcher import watching

Event = tuple[int, int]
"""When, in nanoseconds, and how many bytes: negative where they were given back."""


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


def peak_of(call: Callable[[], object]) -> int:
    """Return the most bytes that were held at once above those held when the call began.

    The call is run once before, so that what it makes once and keeps is not counted.
    """
    call()
    return highest(events_of(call))


def events_of(call: Callable[[], object]) -> list[Event]:
    """Return the allocator's events during a call, in order; what it returns dies inside."""
    # ``torch.profiler`` stands on this one, and takes seconds to load.
    with torch.autograd.profiler.profile(profile_memory=True) as seen:
        call()
    events = seen.kineto_results.events()  # type: ignore[union-attr,unused-ignore]
    found = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    return sorted(found, key=lambda event: event[0])


def highest(events: Iterable[Event]) -> int:
    """Return the peak of the running sum, at least 0."""
    return max(accumulate((size for _, size in events), initial=0))


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
