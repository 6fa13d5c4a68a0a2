"""Sampling, on clocks that tell made-up times."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from attncheck.instruments.timing.ceilings import Ceiling
from attncheck.instruments.timing.samples import (
    Budget,
    Call,
    Digest,
    Samples,
    sampled,
    thinned,
    warmed,
)
from attncheck.instruments.timing.summary import confirmed, summary

MS = 1_000_000


class Told:
    """A clock that tells what each call returns, in milliseconds."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.chilled = 0

    def timed(self, call: Call) -> int:
        name, ms = call()  # type: ignore[misc]
        self.order.append(name)
        return round(ms * MS)

    def chill(self) -> None:
        self.chilled += 1


def calls(name: str, times: Iterator[float] | float) -> Callable[[], Call]:
    def source() -> Call:
        return lambda: (name, times if isinstance(times, float) else next(times))

    return source


def falling(steady: float) -> Iterator[float]:
    """Yield times that fall for forty calls, as caches and clocks warm up."""
    yield 100.0
    for left in range(40, 0, -1):
        yield steady * (1 + left / 4)
    while True:
        yield steady


def test_samples_begin_when_calls_no_longer_get_faster() -> None:
    found = sampled(Told(), calls("own", falling(1.0)), calls("ref", 1.0), Budget(0.05, 60.0))
    assert found.cold == 100 * MS
    assert found.warm_up > 40
    assert set(found.own) == {MS}


def test_warming_up_ends_where_it_never_settles() -> None:
    times = iter(1000.0 / (n + 1) for n in range(10**6))
    took, count = warmed(Told(), calls("own", times), Budget(warm_seconds=3.0))
    assert count < 20
    assert took > 0


def test_one_call_warms_up_what_takes_longer_than_all_warming_up() -> None:
    found = sampled(Told(), calls("own", 5000.0), calls("ref", 1.0), Budget(0.5, 1.0, least=5))
    assert found.warm_up == 1
    assert len(found.own) == 3


def test_the_reference_runs_between_bursts_of_the_call_for_a_third_of_its_time() -> None:
    clock = Told()
    sampled(clock, calls("own", 2.0), calls("ref", 1.0), Budget(0.06))
    assert "".join(name[0] for name in clock.order[-50:]) == (
        "ooooo" + "rrrr" + "ooooo" + "rrr" + "ooooo" + "rrr" + "ooooo" + "rrrr" + "ooooo" + "rrr"
        "ooooo" + "rrr"
    )
    assert clock.chilled == 50


@pytest.mark.parametrize(("own", "ref", "shares"), [(10.0, 2.0, (50, 84)), (1.0, 500.0, (500, 3))])
def test_the_call_has_its_time_whatever_the_reference_takes(
    own: float, ref: float, shares: tuple[int, int]
) -> None:
    found = sampled(Told(), calls("own", own), calls("ref", ref), Budget(0.5))
    assert (len(found.own), len(found.beside)) == shares


def said(own: list[int], beside: int = 100) -> Digest:
    """Return what a process says that took these samples."""
    return Samples(own[0], own, [beside] * 5).digest()


def test_each_process_counts_once() -> None:
    found = summary([said([101] * 1000, 50), said([100] * 3, 50), said([130] * 3, 65)], wanted=3)
    assert (found.least, found.median) == (100, 101)
    assert found.interval == (100, 130)
    assert found.confidence == 0.75
    assert found.ratio == 2.0
    assert found.samples == 1006
    assert found.status == "trusted"


def test_six_processes_give_the_usual_confidence() -> None:
    found = summary([said([100 + n] * 5) for n in range(6)], wanted=6)
    assert found.confidence >= 0.95
    assert found.interval == (100, 105)


def test_one_process_has_no_interval() -> None:
    found = summary([said([100] * 9)])
    assert found.interval is None
    assert found.confidence == 0


@pytest.mark.parametrize(
    ("times", "options", "why"),
    [
        (
            [140, 100, 150],
            {},
            "the second quickest process was 40% slower: the machine is busy",
        ),
        ([100, 101], {"wanted": 3}, "2 of 3 processes finished"),
        ([100, 100, 100], {"disturbed": "throttled: sw_power_cap"}, "throttled: sw_power_cap"),
        ([], {"wanted": 3}, "no process has finished"),
    ],
)
def test_what_is_not_to_be_trusted_says_why(
    times: list[int], options: dict[str, int | str], why: str
) -> None:
    wanted = {"wanted": len(times), **options}
    found = summary([said([t] * 5) for t in times], **wanted)  # type: ignore[arg-type]
    assert (found.status, found.why) == ("undecided", why)


def test_what_slows_both_sides_leaves_the_ratio() -> None:
    found = summary([said([2 * t] * 9, t) for t in (50, 90, 60)], wanted=3)
    assert found.ratio == 2
    assert found.ratio_interval == (2, 2)


def test_ratios_to_other_processes_stand_in_for_those_within() -> None:
    found = summary([said([100] * 5), said([100] * 5)], name="gate.py@main:Gate", ratios=[1.1, 1.2])
    assert (found.beside, found.ratio) == ("gate.py@main:Gate", pytest.approx(1.15))
    found = summary([Samples(100, [100], []).digest()])
    assert (found.least, found.ratio, found.ratio_interval) == (100, None, None)


@pytest.mark.parametrize(
    ("times", "agree"), [([100], False), ([100, 102, 103], False), ([104, 100, 101], True)]
)
def test_the_quickest_call_is_confirmed_by_a_second_process(times: list[int], agree: bool) -> None:
    assert confirmed([said([t, *[t + 50] * 9]) for t in times]) is agree


def test_calls_longer_than_good_moments_are_not_timed_again() -> None:
    assert confirmed([said([100] * 5), said([140] * 5), said([120] * 3)])


def test_a_report_keeps_samples_from_all_of_the_time() -> None:
    assert thinned([*range(1000)], 4) == [0, 250, 500, 750]
    assert thinned([3, 1, 2]) == [3, 1, 2]
    assert said([*range(1, 1001)]).p10 == pytest.approx(100.9)  # of all, not of those kept


def test_the_roofline_is_the_slower_of_both_limits() -> None:
    peak = Ceiling(macs=1e9, bytes=1e8)
    assert peak.seconds(1e9, 0) == 1
    assert peak.seconds(1e9, 2e8) == 2
