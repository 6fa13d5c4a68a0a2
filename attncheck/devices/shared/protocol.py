"""What a device must answer: time one call, its peak of memory, how it fares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

Call = Callable[[], object]


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a device fares at one moment; what it does not say is left out.

    Attributes:
        clock_mhz: of its processors.
        temperature: in degrees Celsius.
        throttled: why it is slowed down, in the driver's words.
        others: processes that compute on it, besides this one.
    """

    clock_mhz: float | None = None
    temperature: float | None = None
    throttled: list[str] = []
    others: int = 0


class Peak(msgspec.Struct, frozen=True):
    """The most memory that a call held above what was there when it began, in bytes.

    Attributes:
        allocated: by tensors and the kernels' own buffers.
        reserved: by the allocator from the device, caches included; None where it has none.
    """

    allocated: int
    reserved: int | None = None


class Device(Protocol):
    """One device, opened in the process that measures."""

    name: str
    """As ``--device`` takes it: ``cpu``, ``cuda:0``."""
    description: str
    """What stands in a report: the processor's name."""
    driver: str
    """The driver's version; "" where there is none."""
    computes: bool
    """Whether it computes; ``meta`` knows shapes alone."""

    def timed(self, call: Call) -> int:
        """Return the nanoseconds from the start of a call until the device is done with it."""
        ...

    def chill(self) -> None:
        """Empty what would make the next call faster than a lone one, where that is usual."""
        ...

    def peak(self, call: Call) -> Peak:
        """Return the memory of one call, which is not timed."""
        ...

    def kernels(self, call: Call) -> int | None:
        """Return how many kernels a call launches; None where there are none to launch."""
        ...

    def energy(self, call: Call) -> float | None:
        """Return the joules of one call, over enough of them; None where nothing counts them."""
        ...

    def condition(self) -> Condition:
        """Return how the device fares now."""
        ...


def disturbed(before: Condition, after: Condition) -> str:
    """Return why times taken between two moments are not to be trusted, "" if they are."""
    if reasons := [*dict.fromkeys([*before.throttled, *after.throttled])]:
        return f"throttled: {', '.join(reasons)}"
    if others := max(before.others, after.others):
        return f"{others} other process{'es' * (others > 1)} computed on the device"
    if before.clock_mhz and after.clock_mhz:
        change = after.clock_mhz / before.clock_mhz - 1
        if abs(change) > _STEADY:
            return f"the clock changed by {change:+.0%}, to {after.clock_mhz:.0f} MHz"
    return ""


_STEADY = 0.05


def described(device: Any) -> dict[str, Any]:
    """Return what a report says of a device."""
    return {
        "device": device.name,
        "device_name": device.description,
        "driver": device.driver,
    }
