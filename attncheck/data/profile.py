"""What ``attncheck profile`` says of one subject, as every reader of a report finds it.

Measuring fills these, gates compare them, pages draw them. Fields that a reader does not know are
left alone; the report's schema only grows. Fields stand as the JSON sorts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from typing import Annotated, Any, TypeVar

import msgspec

_MOST_RATIOS = 5000

Figure = int | float
Number = Figure | None
Ratios = Annotated[list[Figure], msgspec.Meta(max_length=_MOST_RATIOS)]
_Value = TypeVar("_Value")


def _always(value: _Value) -> _Value:
    """Return the default of a field that is written even where it says nothing."""
    found: _Value = msgspec.field(default_factory=lambda: copy(value))
    return found


class Timing(msgspec.Struct, kw_only=True):
    """Latency of one pass; times in nanoseconds.

    Attributes:
        beside: what was timed between the samples, or in turns with them.
        cold: the median first call.
        confidence: of the intervals, exactly.
        interval: of the median, between processes.
        least: the quickest call of all processes. What disturbs a call only ever adds to it, and
            where a process lies in memory is drawn anew for each: of all figures this one comes
            out most alike when it is measured again.
        median, p10: the middle process's.
        processes: samples of every fresh process, thinned to a hundred each.
        ratio, ratio_interval: of the middle process, and between processes.
        ratios: of each process, its quickest hundredth to that of what was timed beside it; of
            each pair of processes, the median over their turns.
        samples: how many there were.
        status: ``trusted``, or ``undecided`` where no two processes were equally quick.
        why: what is wrong, where something is.
    """

    beside: str = ""
    cold: Number = None
    confidence: Figure = 0.0
    interval: tuple[Figure, Figure] | None = None
    least: Number = None
    median: Number = None
    p10: Number = None
    processes: Sequence[Sequence[Figure]] = ()
    ratio: Number = None
    ratio_interval: tuple[Figure, Figure] | None = None
    ratios: Ratios = []
    samples: int = 0
    status: str = "trusted"
    why: str = ""


class Row(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One point of a profile: an input, a dtype and how the module was run.

    Attributes:
        backward, forward: the passes that were timed.
        batch: samples of the input.
        by_operator: MACs of each operator.
        channels_last, compile, dtype: how it was run.
        dims, input, size: the call by name, as text, and its side or tokens.
        elementwise, macs: of one call.
        energy_j: of one call, in joules.
        intensity: MACs for each byte that must be moved.
        kernels: that one call launches.
        parameters, tied, unused: elements, and names.
        peak_bytes, peak_source, reserved_bytes: memory of one call, and whether it was measured.
        peak_backward_bytes, saved_bytes: of a backward pass, and for it.
        roofline: the share of what the device can do at best.
        throughput: samples a second.
        unpriced: operators that ``macs`` leaves out.
        why: what is missing.
    """

    backward: Timing | None = _always(None)
    batch: int = _always(1)
    by_operator: dict[str, Figure] = {}
    channels_last: bool = _always(False)
    compile: bool = _always(False)
    dims: dict[str, int] = {}
    dtype: str = _always("float32")
    elementwise: Number = None
    energy_j: Number = _always(None)
    forward: Timing | None = _always(None)
    input: str = ""
    intensity: Number = _always(None)
    kernels: Number = _always(None)
    macs: Number = None
    parameters: Number = None
    peak_backward_bytes: Number = _always(None)
    peak_bytes: Number = _always(None)
    peak_source: str = _always("")
    reserved_bytes: Number = None
    roofline: Number = _always(None)
    saved_bytes: Number = _always(None)
    size: Number = None
    throughput: Number = _always(None)
    tied: list[list[str]] = []
    unpriced: list[str] = []
    unused: list[str] = []
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


class Paired(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Ratios new / baseline of interleaved fresh processes, for one row and mode.

    Attributes:
        answer: ``faster``, ``slower`` or ``undecided``.
        channels_last, compile, dtype, input, mode: the row, and the pass.
        confidence: of the interval, exactly; None where nothing was timed.
        interval, ratio: of the middle pair, and between pairs.
        ratios: of each pair.
        why: what is missing.
    """

    answer: str = _always("–")
    channels_last: bool = _always(False)
    compile: bool = _always(False)
    confidence: Number = None
    dtype: str = _always("float32")
    input: str
    interval: tuple[Figure, Figure] | None = _always(None)
    mode: str = _always("forward")
    ratio: Number = _always(None)
    ratios: Ratios
    why: str = _always("")

    @property
    def name(self) -> str:
        """The row's name."""
        return " ".join([self.input, self.dtype, *switches(self.compile, self.channels_last)])


class Against(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A comparison with another version of the same module.

    Attributes:
        answer: of all rows, where they agree.
        interval: that holds those of all rows.
        ratio: the median of all rows.
        rows: by row and mode.
        target: the other side, as it was named.
        verdict: of the other side's audit.
    """

    answer: str = _always("undecided")
    interval: tuple[Figure, Figure] | None = _always(None)
    ratio: Number = _always(None)
    rows: list[Paired] = _always([])
    target: str = ""
    verdict: str = ""


class Growth(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How one cost grows: points, and a polynomial or an exponent through them.

    Attributes:
        exponent: of the size, as observed.
        order: of the polynomial.
        points: sizes and costs.
        polynomial: in the positions N, exact.
    """

    exponent: Number = None
    order: Number = None
    points: list[tuple[Figure, Figure]] = []
    polynomial: str = ""

    @property
    def drawn(self) -> list[tuple[Figure, Figure]]:
        """The points that log axes can show, by size."""
        return sorted((x, y) for x, y in self.points if x > 0 and y > 0)


class AtBest(msgspec.Struct, kw_only=True, frozen=True):
    """What a device did at best in one precision, just before."""

    bytes_per_s: Number = None
    macs_per_s: Number = None


class Profile(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The costs of one subject on one device.

    Attributes:
        against: another version that was timed in turns with it.
        asked: what makes it this profile and no other.
        complete: whether everything was measured that was asked for.
        device, device_name, driver, threads, torch: on what it was measured.
        disturbed: what the device said against its own times.
        noise_floor: the smallest slowdown that this machine can tell from none; 0.013 is 1.3 %.
        peaks: what the device can do at best, by precision.
        refused: whether it was not timed, since it violates its claims.
        rows: the points.
        scaling: how ``macs``, ``memory`` and ``latency`` grow.
        so_far: what processes said, of a profile that is not complete: it goes on from there.
        warning: what speaks against all figures.
    """

    against: Against | None = _always(None)
    asked: dict[str, Any] = {}
    complete: bool = _always(True)
    device: str = ""
    device_name: str = _always("")
    disturbed: str = _always("")
    driver: str = _always("")
    noise_floor: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = _always(None)
    peaks: dict[str, AtBest] = _always({})
    refused: bool = False
    rows: list[Row] = _always([])
    scaling: dict[str, Growth] = _always({})
    so_far: dict[str, Any] = {}
    threads: int | None = None
    torch: str = ""
    warning: str = _always("")


def check_profile(profile: Profile) -> None:
    """Complain about what its types alone do not forbid.

    Raises:
        msgspec.ValidationError: two rows are one and the same.
    """
    found = Counter(row.name for row in profile.rows)
    if twice := next((name for name, count in found.items() if count > 1), ""):
        raise msgspec.ValidationError(f"'{twice}' is twice in `profile.rows`")


def switches(compiled: bool, channels_last: bool) -> list[str]:
    """Return how a module was run, in words."""
    named = (("compiled", compiled), ("channels-last", channels_last))
    return [word for word, on in named if on]
