"""Measure how much the times of unchanged code differ: pairs of fresh processes, in turns.

It is measured as ``attncheck profile --against`` measures: by the same instrument, in children of
the same kind, which share a core and take turns.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from attncheck.data import stats
from attncheck.data.environment import fingerprint
from attncheck.data.noise import Noise
from attncheck.devices import open_device
from attncheck.errors import AttncheckError
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Opened
from attncheck.execution.scheduling import run_all
from attncheck.execution.task import Task
from attncheck.instruments.timing.partner import Meeting, Partner, meetings, pin
from attncheck.instruments.timing.samples import Budget, Call, Source, sampled_in_turns
from attncheck.lazy import torch
from attncheck.subject.case import Case

_CALLS = 20
"""Of attention, in one that is timed."""
_BUDGET = Budget(seconds=0.2, warm_seconds=0.5)
_SHAPE = (1, 4, 32, 32)
CONFIDENCE = 0.99
STEP = "attention"


class SideAsked(msgspec.Struct, frozen=True):
    """One side of a pair.

    Attributes:
        device, threads: where, and with how many.
        meeting: with the other side.
        steps: what is timed.
        calls: in one that is timed.
    """

    device: str
    threads: int
    meeting: Meeting
    steps: list[str]
    calls: int = _CALLS
    folder: str = ""

    @property
    def target(self) -> str:
        """What is measured."""
        return self.device


class SideTimed(msgspec.Struct, frozen=True):
    """The quickest call of each turn, in nanoseconds, on the device so called."""

    device_name: str = ""
    turns: list[int] = []
    why: str = ""


class Side(Task[SideAsked, SideTimed, None, None]):
    """Time a small attention in turns with another process."""

    runs = "attncheck.commands.calibrate:side"
    asks = SideAsked
    answers = SideTimed

    def lost(self, step: str, why: str, *, dead: bool) -> SideTimed:
        """Return no turns."""
        return SideTimed(why=why)


def calibrate(
    device: str,
    threads: int,
    pairs: int,
    windows: int,
    note: Callable[[int, int], None] | None = None,
) -> Noise:
    """Return the noise of this machine on this device.

    Args:
        device: ``cpu`` or ``cuda``.
        threads: of torch.
        pairs: of processes in one window, as in ``attncheck profile --against``.
        windows: repetitions; the noisiest counts.
        note: told how many of how many pairs are done.

    Raises:
        AttncheckError: the device is not there, or a process could not measure.
    """

    def one(meeting: Meeting) -> Side:
        return Side(SideAsked(device, threads, meeting, [STEP]))

    found: list[list[float]] = []
    name = ""
    for window in range(windows):
        ratios: list[float] = []
        for number in range(pairs):
            own, other = in_turns(one, one, number, threads)
            ratios.append(stats.turns_ratio(own[STEP].turns, other[STEP].turns))
            name = own[STEP].device_name
            if note:
                note(window * pairs + number + 1, windows * pairs)
        found.append(ratios)
    return Noise(
        device=device,
        device_name=name,
        threads=threads,
        torch=str(fingerprint()["torch"]),
        windows=found,
        confidence=CONFIDENCE,
        floor=floor_of(found),
    )


def in_turns(
    own: Callable[[Meeting], Side], other: Callable[[Meeting], Side], number: int, threads: int
) -> tuple[dict[str, SideTimed], dict[str, SideTimed]]:
    """Return what two fresh processes measure that take turns, step by step.

    Args:
        own, other: what each is asked, given how it meets the other.
        number: of the pair: whoever begins, and the core that they share, change from one to
            the next.
        threads: of each.

    Raises:
        AttncheckError: one of them could not measure.
        KeyboardInterrupt: it was cut short.
    """
    limits = Limits()
    with tempfile.TemporaryDirectory(prefix="attncheck-") as folder:
        one, two = meetings(Path(folder), number, threads, limits.claim_seconds / 2)
        tasks = [own(one), other(two)]
        results, interrupted = run_all(tasks, limits, 2)
    if interrupted:
        raise KeyboardInterrupt
    for result in results:
        if (refused := result.refused) is not None:
            raise AttncheckError(refused.what, where=refused.where, instead=refused.instead)
    for step in tasks[0].steps:
        for result in results:
            said = result.answers.get(step) or SideTimed(why="no answer")
            if not said.turns:
                raise AttncheckError(f"a measurement failed: {said.why}")
    return results[0].answers, results[1].answers


def floor_of(windows: list[list[float]]) -> float:
    """Return the largest slowdown or speed-up that some window's interval still holds.

    Raises:
        ValueError: a window has too few pairs for its confidence.
    """
    largest = 0.0
    for ratios in windows:
        interval = stats.order_interval(ratios, CONFIDENCE)
        if interval is None:
            needed = stats.samples_needed(CONFIDENCE)
            raise ValueError(f"{len(ratios)} pairs are too few: it takes {needed}")
        largest = max(largest, interval.high - 1, 1 / interval.low - 1)
    return math.ceil(largest * 10_000) / 10_000


def side(
    asked: SideAsked, note: Callable[[Case], None] | None = None
) -> Iterator[Opened[None] | str | SideTimed]:
    """Yield the times of a small attention, taken in turns with the other side's process.

    Raises:
        DeviceError: the device is not there.
    """
    yield from timed(asked, {STEP: _attention})


def timed(
    asked: SideAsked, works: dict[str, Callable[[str], Call]]
) -> Iterator[Opened[None] | str | SideTimed]:
    """Yield the times of each step's work, which is made for a device.

    Raises:
        DeviceError: the device is not there.
    """
    torch.set_num_threads(asked.threads)
    pin(asked.meeting.core)
    device = open_device(asked.device)
    yield Opened(None)
    with closing(Partner(asked.meeting)) as partner:
        for step in asked.steps:
            yield step
            source = _repeated(works[step](device.name), asked.calls)
            seen = sampled_in_turns(device, source, _BUDGET, step, partner)
            yield SideTimed(device.description, seen.turns)


def _repeated(call: Call, times: int) -> Source:
    def run() -> None:
        with torch.no_grad():
            for _ in range(times):
                call()

    return lambda: run


def _attention(device: str) -> Call:
    """Return a call of a small attention."""
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(_SHAPE, generator=generator).to(device) for _ in range(3))
    attend = torch.nn.functional.scaled_dot_product_attention
    return lambda: attend(query, key, value)
