"""What ``attncheck profile`` puts into a report, as far as a gate reads it."""

from __future__ import annotations

from typing import Any

import msgspec

MODES = ("forward", "backward")


class Timing(msgspec.Struct):
    """Latency of one pass: per fresh process, its ratio to a workload timed beside it."""

    ratios: list[float] = []
    status: str = "trusted"
    why: str = ""
    beside: str = ""
    """What was timed beside it."""


class Row(msgspec.Struct):
    """One point of a profile: an input, a dtype and how the module was run."""

    input: str
    dtype: str = "float32"
    compile: bool = False
    channels_last: bool = False
    parameters: float | None = None
    macs: float | None = None
    elementwise: float | None = None
    peak_bytes: float | None = None
    peak_backward_bytes: float | None = None
    saved_bytes: float | None = None
    kernels: float | None = None
    peak_source: str = ""
    forward: Timing | None = None
    backward: Timing | None = None

    @property
    def name(self) -> str:
        """How messages call it: ``8x256x64x64 float32 compiled``."""
        return _named(self.input, self.dtype, self.compile, self.channels_last)


class Paired(msgspec.Struct):
    """Ratios new / baseline of interleaved fresh processes, for one row and mode."""

    ratios: list[float]
    input: str
    dtype: str = "float32"
    compile: bool = False
    channels_last: bool = False
    mode: str = "forward"

    @property
    def name(self) -> str:
        """The row's name."""
        return _named(self.input, self.dtype, self.compile, self.channels_last)


class Against(msgspec.Struct):
    """A comparison with another version of the same module."""

    target: str = ""
    rows: list[Paired] = []


class Profile(msgspec.Struct):
    """The costs of one subject on one device."""

    device: str = ""
    device_name: str = ""
    threads: int | None = None
    torch: str = ""
    driver: str = ""
    disturbed: str = ""
    warning: str = ""
    complete: bool = True
    noise_floor: float | None = None
    rows: list[Row] = []
    against: Against | None = None


def read_profile(raw: dict[str, Any]) -> tuple[Profile | None, str]:
    """Return the profile of a report's subject, or why it cannot be read."""
    try:
        profile = msgspec.convert(raw, Profile)
    except msgspec.ValidationError as error:
        return None, f"the profile cannot be read: {error}"
    names = [row.name for row in profile.rows]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        return None, f"the profile has {twice} twice"
    return profile, ""


def _named(shape: str, dtype: str, compiled: bool, channels_last: bool) -> str:
    extra = [word for word, on in (("compiled", compiled), ("channels-last", channels_last)) if on]
    return " ".join([shape, dtype, *extra])
