"""Time a call and a reference workload in turns, call by call, after both are warm."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from attncheck.data import stats
from attncheck.instruments.timing.partner import Partner

Call = Callable[[], object]
Source = Callable[[], Call]
"""Makes the next call to be timed, untimed itself: a backward pass needs a fresh forward pass."""

LEAST = 5
"""Samples that a process takes of a call, however long."""
_BATCH = 5
_STABLE = 0.05
_SHARE = 3
"""The reference runs for a third of the call's time: the call is what is asked about."""
_TURN = 10_000_000
"""Nanoseconds: so that most calls find the caches as the last one of their own left them."""
_QUICK = 0.01
_TURNS = 40
"""Of two processes that measure in turns, at most."""
_KEPT = 100
"""Samples of one process that a report keeps."""


class Clock(Protocol):
    """What a device must do here."""

    def timed(self, call: Call) -> int:
        """Return the nanoseconds of a call."""
        ...

    def chill(self) -> None:
        """Prepare for the next call."""
        ...


class Budget(msgspec.Struct, frozen=True):
    """How long to measure one call in one process.

    Attributes:
        seconds: to sample the call in, once warm; the reference takes a third of it besides.
            A hundred samples would do in a quiet moment; spread over half a second, some of them
            find one.
        warm_seconds: after which warming up ends, stable or not.
        few, least, most: samples of the call; ``few`` where even ``least`` of them would take
            ten times ``seconds``. The reference has at least ``few``.
        warm_least: calls before the first sample; fewer only where one takes as long as all
            of ``warm_seconds``.
    """

    seconds: float = 0.5
    warm_seconds: float = 1.0
    few: int = 3
    least: int = LEAST
    most: int = 5000
    warm_least: int = 10


@dataclass
class Samples:
    """Nanoseconds of single calls.

    Attributes:
        cold: the very first call, with all that is set up only then.
        own: the call's.
        beside: the reference's, from between them; none where a partner is the other side.
        turns: the quickest call of each turn, where there are turns.
        warm_up: calls before the first sample.
    """

    cold: int = 0
    own: list[int] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    warm_up: int = 0

    def digest(self) -> Digest:
        """Return what is told of them to the parent."""
        return Digest(
            stats.quantile(self.own, 0.1),
            stats.median(self.own),
            stats.quantile(self.own, _QUICK),
            stats.quantile(self.beside, _QUICK) if self.beside else 0.0,
            len(self.own),
            self.cold,
            thinned(self.own),
            min(self.own),
        )


class Digest(msgspec.Struct, frozen=True):
    """What one process says of its samples, in nanoseconds.

    Attributes:
        p10, median: of the call's.
        own, beside: the quickest hundredth of the call's, and of the reference's: what the
            ratio is made of, since on a busy machine less than a tenth may be undisturbed.
        count: samples of the call.
        cold: its first call.
        samples: some of them, as far apart in time as they come.
        least: the quickest call.
    """

    p10: float
    median: float
    own: float
    beside: float
    count: int
    cold: int
    samples: list[int]
    least: int


def thinned(samples: list[int], most: int = _KEPT) -> list[int]:
    """Return at most so many samples, evenly spaced in the order in which they were taken."""
    if len(samples) <= most:
        return list(samples)
    return [samples[place * len(samples) // most] for place in range(most)]


def sampled(clock: Clock, own: Source, beside: Source, budget: Budget) -> Samples:
    """Return the times of a call and of a reference, taken in turns.

    A neighbour that slows one for a while slows the other too, so that their ratio stands.
    """
    found = Samples(cold=clock.timed(own()))
    found.warm_up = warmed(clock, own, budget)[1]
    warmed(clock, beside, budget)
    spent = other = 0
    while not _enough(found, spent, budget):
        turn = spent + _TURN
        while spent < turn and len(found.own) < budget.most:
            found.own.append(_chilled(clock, own))
            spent += found.own[-1]
        while len(found.beside) < budget.few or _SHARE * other < spent:
            found.beside.append(_chilled(clock, beside))
            other += found.beside[-1]
    return found


def _enough(found: Samples, spent: int, budget: Budget) -> bool:
    least = budget.least if spent < 10e9 * budget.seconds else budget.few
    return len(found.own) >= budget.most or (
        spent >= 1e9 * budget.seconds and len(found.own) >= least
    )


def sampled_in_turns(
    clock: Clock, own: Source, budget: Budget, step: str, partner: Partner
) -> Samples:
    """Return the times of a call, taken while the process of the other side waits.

    Each turn has two calls at least: the first after waiting is slower than those that follow.

    Raises:
        PartnerError: the other side cannot do this step, or is gone.
    """
    found = Samples(cold=clock.timed(own()))
    took, found.warm_up = warmed(clock, own, budget)
    whole = 1e9 * budget.seconds
    most = min(_TURNS, max(budget.least, int(whole / (2 * max(took, 1)))))
    for _ in partner.turns(partner.meet(step, most)):
        turn: list[int] = []
        while len(turn) < 2 or sum(turn) < whole / _TURNS:
            turn.append(_chilled(clock, own))
        found.own += turn
        found.turns.append(min(turn))
    return found


def _chilled(clock: Clock, source: Source) -> int:
    clock.chill()
    return clock.timed(source())


def warmed(clock: Clock, source: Source, budget: Budget) -> tuple[int, int]:
    """Call until the time of a call no longer falls; return it and how often it was called.

    Stable: the median of the last five calls is within 5 % of that of the five before.
    """
    times: list[int] = []
    while True:
        times.append(clock.timed(source()))
        enough = len(times) >= max(budget.warm_least, 2 * _BATCH)
        last = statistics.median(times[-_BATCH:])
        if enough and not len(times) % _BATCH:
            before = statistics.median(times[-2 * _BATCH : -_BATCH])
            if last >= before * (1 - _STABLE):
                return int(last), len(times)
        if sum(times) >= budget.warm_seconds * 1e9:
            return int(last), len(times)
