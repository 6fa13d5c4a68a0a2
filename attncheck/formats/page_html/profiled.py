"""The profile of a subject as typed data; what cannot be read is not drawn."""

from __future__ import annotations

from typing import Any

import msgspec


class Timing(msgspec.Struct):
    """Latency of one direction: nanoseconds of every call, per process."""

    processes: list[list[float]] = []
    p10: float | None = None
    median: float | None = None
    interval: tuple[float, float] | None = None
    confidence: float = 0.95
    ratio: float | None = None
    ratio_interval: tuple[float, float] | None = None
    status: str = ""
    why: str = ""


class Row(msgspec.Struct):
    """One profiled case of a subject."""

    input: str = ""
    size: float | None = None
    dtype: str = ""
    compile: bool = False
    channels_last: bool = False
    parameters: float | None = None
    macs: float | None = None
    elementwise: float | None = None
    peak_bytes: float | None = None
    peak_backward_bytes: float | None = None
    saved_bytes: float | None = None
    peak_source: str = ""
    forward: Timing | None = None
    backward: Timing | None = None
    throughput: float | None = None
    intensity: float | None = None
    roofline: float | None = None
    kernels: float | None = None
    energy_j: float | None = None

    @property
    def how(self) -> str:
        """Return dtype and switches, as a reader names the row beside its input."""
        switches = ["compiled"] * self.compile + ["channels last"] * self.channels_last
        return ", ".join([self.dtype, *switches] if self.dtype else switches)


class Growth(msgspec.Struct):
    """How one cost grows: points, and a polynomial or an exponent through them."""

    points: list[tuple[float, float]] = []
    polynomial: str = ""
    order: float | None = None
    exponent: float | None = None

    @property
    def drawn(self) -> list[tuple[float, float]]:
        """Return the points that log axes can show, by size."""
        return sorted((x, y) for x, y in self.points if x > 0 and y > 0)


class Profile(msgspec.Struct):
    """What ``attncheck profile`` found of one subject."""

    device: str = ""
    device_name: str = ""
    threads: int | None = None
    torch: str = ""
    driver: str = ""
    disturbed: str = ""
    noise_floor: float | None = None
    rows: list[Row] = []
    scaling: dict[str, Growth] = {}
    against: dict[str, Any] | None = None
    warning: str = ""


def profile_of(data: dict[str, Any]) -> Profile | None:
    """Return the profile that a report holds; None where there is none, or none that we know."""
    if not data:
        return None
    try:
        return msgspec.convert(data, Profile, strict=False)
    except msgspec.ValidationError:
        return None
