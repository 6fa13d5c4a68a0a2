"""Latency: pairs convict and acquit, two stored runs may acquit only, noise is undecided."""

from __future__ import annotations

import math

import pytest

from attncheck.gate import Answer, Policy
from attncheck.gate.latency import judge_pairs, judge_stored, per_case
from tests.gate.reports import found, judged, paired, profile, ratios, report, subject, timing

POLICY = Policy()
CLAIM = "latency forward 8x32x16x16 float32"


def answer(centre: float, noise: float = 0.01, count: int = 12, cases: int = 1) -> Answer:
    measured = ratios(centre, noise, count)
    return judge_pairs("gam@GAM", CLAIM, measured, POLICY, cases, "attncheck profile").answer


def test_pairs_convict_beyond_the_budget_and_acquit_within() -> None:
    assert answer(1.10) is Answer.REGRESSED
    assert answer(1.00) is Answer.HOLDS
    assert answer(1.03) is Answer.HOLDS
    assert answer(1.05) is Answer.UNDECIDED


def test_noise_is_undecided_and_says_how_many_pairs_it_takes() -> None:
    check = judge_pairs("gam@GAM", CLAIM, ratios(1.05, 0.3), POLICY, 1, "attncheck profile gam")
    assert check.answer is Answer.UNDECIDED
    assert check.resolve == "attncheck profile gam --processes 24"
    assert check.evidence["detectable"] > 0.05


def test_two_outliers_on_either_side_do_not_convict() -> None:
    assert judge_pairs("s", CLAIM, [1.0] * 10 + [9, 9], POLICY, 1, "").answer is Answer.UNDECIDED
    assert judge_pairs("s", CLAIM, [1.0] * 11 + [9], POLICY, 1, "").answer is Answer.HOLDS


def test_many_latencies_need_more_pairs() -> None:
    assert per_case(POLICY, 100) == pytest.approx(0.9999)
    assert answer(1.10, cases=20) is Answer.REGRESSED
    check = judge_pairs("s", CLAIM, ratios(1.10), POLICY, 100, "attncheck profile gam")
    assert check.answer is Answer.UNDECIDED
    assert check.resolve == "attncheck profile gam --processes 15"
    assert answer(1.10, count=15, cases=100) is Answer.REGRESSED


def test_much_faster_is_not_waved_through() -> None:
    assert answer(0.5) is Answer.UNDECIDED
    faster = judge_pairs("s", CLAIM, ratios(0.5), Policy(improved="holds"), 1, "")
    assert faster.answer is Answer.HOLDS


@pytest.mark.parametrize("bad", [[], [math.nan] * 12, [math.inf] * 12, [0.0] * 12, [-1.0] * 12])
def test_what_is_no_ratio_is_undecided(bad: list[float]) -> None:
    assert judge_pairs("s", CLAIM, bad, POLICY, 1, "").answer is Answer.UNDECIDED
    assert judge_stored("s", CLAIM, bad, [1.0] * 12, POLICY, 1, 0.0, "").answer is Answer.UNDECIDED


def test_two_stored_runs_acquit_but_never_convict() -> None:
    def stored(before: float, now: float, floor: float | None = 0.01) -> Answer:
        runs = ratios(before), ratios(now, seed=1)
        return judge_stored("s", CLAIM, *runs, POLICY, 1, floor, "").answer

    assert stored(3.0, 3.0) is Answer.HOLDS
    assert stored(3.0, 3.0, floor=None) is Answer.UNDECIDED
    assert stored(3.0, 3.0, floor=0.049) is Answer.UNDECIDED
    assert stored(3.0, 30.0) is Answer.UNDECIDED
    assert stored(3.0, 0.3) is Answer.UNDECIDED


def test_pairs_in_the_report_are_what_counts() -> None:
    base = report(subject())
    slow = judged(report(subject(profile=paired(1.2))), base, [])
    assert found(slow, CLAIM).answer is Answer.REGRESSED
    same = judged(report(subject(profile=paired(1.0))), base, [])
    assert found(same, CLAIM).answer is Answer.HOLDS
    assert "would have been found" in found(same, CLAIM).reason


def test_pairs_with_something_else_do_not_count() -> None:
    other = paired(1.0)
    assert other.against is not None
    other.against.target = "other.py@main:Other"
    result = judged(report(subject(profile=other)), report(subject()), [])
    assert result.answer is Answer.UNDECIDED
    assert "not the baseline's subject" in found(result, "latency").reason


def test_a_budget_below_the_noise_floor_is_refused() -> None:
    noisy = report(subject(profile=profile(noise_floor=0.08)))
    check = found(judged(noisy, report(subject()), []), "latency")
    assert check.answer is Answer.UNDECIDED
    assert "below this machine's noise floor, 8.0%; write slower = 0.08" in check.reason
    assert judged(noisy, report(subject()), [], slower=0.2).answer is Answer.HOLDS


def test_a_refused_budget_hides_no_regression() -> None:
    noisy = subject(profile=profile(noise_floor=0.08), counts={"parameters": 9999})
    assert judged(report(noisy), report(subject()), []).answer is Answer.REGRESSED


def test_latency_may_be_left_to_others() -> None:
    slow = profile()
    slow.rows[0].forward = timing(9.0)
    result = judged(report(subject(profile=slow)), report(subject()), [], latency=False)
    assert result.answer is Answer.HOLDS
