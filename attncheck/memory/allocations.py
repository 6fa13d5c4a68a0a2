"""The peak of what torch's allocator gave out during a call, from its own events.

Exact in what goes through the allocator, kernels' buffers too, to the byte and on every run.
What oneDNN keeps outside of it (recurrent layers) is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate

from attncheck.lazy import torch

Event = tuple[int, int]
"""When, in nanoseconds, and how many bytes: negative where they were given back."""


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
