"""What ``attncheck profile`` says of one subject, as every reader of a report finds it.

Measuring fills these, gates compare them, pages draw them. Fields that a reader does not know are
left alone; the report's schema only grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

MODES = ("forward", "backward")
_MOST_RATIOS = 5000

Number = int | float | None


class Timing(msgspec.Struct):
    """Latency of one pass; times in nanoseconds.

    Attributes:
        processes: samples of every fresh process, thinned to a hundred each.
        samples: how many there were.
        cold: the median first call.
        least: the quickest call of all processes. What disturbs a call only ever adds to it, and
            where a process lies in memory is drawn anew for each: of all figures this one comes
            out most alike when it is measured again.
        p10, median: the middle process's.
        interval: of the median, between processes.
        confidence: of the intervals, exactly.
        beside: what was timed between the samples, or in turns with them.
        ratios: of each process, its quickest hundredth to that of what was timed beside it; of
            each pair of processes, the median over their turns.
        ratio, ratio_interval: of the middle process, and between processes.
        status: ``trusted``, or ``undecided`` where no two processes were equally quick.
        why: what is wrong, where something is.
    """

    processes: Sequence[Sequence[float]] = ()
    samples: int = 0
    cold: Number = None
    least: Number = None
    p10: Number = None
    median: Number = None
    interval: tuple[float, float] | None = None
    confidence: float = 0.0
    beside: str = ""
    ratios: list[float] = []
    ratio: float | None = None
    ratio_interval: tuple[float, float] | None = None
    status: str = "trusted"
    why: str = ""


class Row(msgspec.Struct):
    """One point of a profile: an input, a dtype and how the module was run."""

    input: str = ""
    size: Number = None
    dtype: str = "float32"
    compile: bool = False
    channels_last: bool = False
    parameters: Number = None
    macs: Number = None
    elementwise: Number = None
    peak_bytes: Number = None
    peak_backward_bytes: Number = None
    saved_bytes: Number = None
    peak_source: str = ""
    forward: Timing | None = None
    backward: Timing | None = None
    throughput: Number = None
    intensity: Number = None
    roofline: Number = None
    kernels: Number = None
    energy_j: Number = None
    by_operator: dict[str, int | float] = {}
    unpriced: list[str] = []
    why: str = ""

    @property
    def name(self) -> str:
        """How messages call it: ``8x256x64x64 float32 compiled``."""
        return " ".join([self.input, self.dtype, *switches(self.compile, self.channels_last)])

    @property
    def timed(self) -> list[tuple[str, Timing]]:
        """The passes that were timed, by their modes."""
        both = (("forward", self.forward), ("backward", self.backward))
        return [(mode, timing) for mode, timing in both if timing is not None]

    @property
    def how(self) -> str:
        """Dtype and switches, as a reader names the row beside its input."""
        return ", ".join([self.dtype, *switches(self.compile, self.channels_last)])


class Paired(msgspec.Struct):
    """Ratios new / baseline of interleaved fresh processes, for one row and mode."""

    ratios: list[float]
    input: str
    dtype: str = "float32"
    compile: bool = False
    channels_last: bool = False
    mode: str = "forward"
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    confidence: float = 0.0
    answer: str = "–"
    why: str = ""

    @property
    def name(self) -> str:
        """The row's name."""
        return " ".join([self.input, self.dtype, *switches(self.compile, self.channels_last)])


class Against(msgspec.Struct):
    """A comparison with another version of the same module."""

    target: str = ""
    answer: str = "undecided"
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    rows: list[Paired] = []


class Growth(msgspec.Struct):
    """How one cost grows: points, and a polynomial or an exponent through them."""

    points: list[tuple[float, float]] = []
    polynomial: str = ""
    order: float | None = None
    exponent: float | None = None

    @property
    def drawn(self) -> list[tuple[float, float]]:
        """The points that log axes can show, by size."""
        return sorted((x, y) for x, y in self.points if x > 0 and y > 0)


class Profile(msgspec.Struct):
    """The costs of one subject on one device."""

    device: str = ""
    device_name: str = ""
    threads: int | None = None
    torch: str = ""
    driver: str = ""
    disturbed: str = ""
    warning: str = ""
    refused: bool = False
    complete: bool = True
    noise_floor: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    rows: list[Row] = []
    scaling: dict[str, Growth] = {}
    against: Against | None = None


def read_profile(raw: dict[str, Any]) -> tuple[Profile | None, str]:
    """Return the profile of a report's subject, or why it cannot be read."""
    try:
        profile = msgspec.convert(raw, Profile)
    except msgspec.ValidationError as error:
        return None, f"the profile cannot be read: {error}"
    ratios = [timing.ratios for row in profile.rows for _, timing in row.timed]
    ratios += [one.ratios for one in (profile.against.rows if profile.against else [])]
    if any(len(one) > _MOST_RATIOS for one in ratios):
        return None, f"the profile has more than {_MOST_RATIOS} processes of one row"
    counted = Counter(row.name for row in profile.rows)
    if twice := next((name for name, count in counted.items() if count > 1), ""):
        return None, f"the profile has {twice} twice"
    return profile, ""


def switches(compiled: bool, channels_last: bool) -> list[str]:
    """Return how a module was run, in words."""
    named = (("compiled", compiled), ("channels-last", channels_last))
    return [word for word, on in named if on]
