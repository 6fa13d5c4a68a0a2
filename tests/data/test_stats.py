"""The statistics against counting by hand, and against simulation."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attncheck.data import stats


def test_twelve_pairs_with_one_dropped_at_each_end_are_99_4_percent() -> None:
    found = stats.order_interval(list(range(1, 13)), 0.99)
    assert found is not None
    assert (found.low, found.high) == (2, 11)
    assert found.confidence == 1 - 2 * (1 + 12) / 2**12


def test_six_samples_are_the_fewest_for_95_percent() -> None:
    assert stats.samples_needed(0.95) == 6
    assert stats.order_interval([1.0] * 5, 0.95) is None
    assert stats.order_interval([1.0] * 6, 0.95) is not None


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99, 0.999, 0.9999])
def test_what_is_needed_is_enough_and_one_less_is_not(confidence: float) -> None:
    needed = stats.samples_needed(confidence)
    assert stats.order_interval(list(range(needed)), confidence) is not None
    assert stats.order_interval(list(range(needed - 1)), confidence) is None


@given(st.lists(st.floats(-1e6, 1e6), max_size=60), st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_an_interval_holds_the_confidence_that_it_states(samples: list[float], q: float) -> None:
    found = stats.order_interval(samples, 0.95, q)
    if found is None:
        return
    assert found.confidence >= 0.95
    n = len(samples)
    exact = math.fsum(
        math.comb(n, i) * q**i * (1 - q) ** (n - i) for i in range(found.rank, found.last)
    )
    assert found.confidence == pytest.approx(exact)


@pytest.mark.parametrize("q", [0.1, 0.5])
def test_heavy_tails_do_not_break_the_coverage(q: float) -> None:
    draw = random.Random(1)
    true = math.log(1 + math.tan(math.pi * q / 2)) if q != 0.5 else math.log(2)
    missed = 0
    for _ in range(2000):
        # |Cauchy|: no mean, no variance
        values = [math.log(1 + abs(math.tan(math.pi * (draw.random() - 0.5)))) for _ in range(60)]
        found = stats.order_interval(values, 0.95, q)
        assert found is not None
        missed += not found.low <= true <= found.high
    assert missed <= 2000 * 0.065


def test_a_lowest_decile_needs_more_samples_than_a_median() -> None:
    assert stats.order_interval(list(range(20)), 0.95, 0.1) is None
    assert stats.order_interval(list(range(60)), 0.95, 0.1) is not None


def test_quantiles_are_interpolated() -> None:
    assert stats.median([3, 1, 2]) == 2
    assert stats.median([4, 1, 2, 3]) == 2.5
    assert stats.quantile([0, 10], 0.1) == 1
    with pytest.raises(ValueError, match="needs samples"):
        stats.median([])


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_a_ratio_of_no_time_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="is no time"):
        stats.paired_ratios([1.0, bad], [1.0, 1.0])
    with pytest.raises(ValueError, match="zip"):
        stats.paired_ratios([1.0], [1.0, 1.0])


def test_the_sign_test_agrees_with_the_interval() -> None:
    ratios = [1.06] * 11 + [0.9]
    assert stats.sign_test(ratios, 1.05) == 2 * 13 / 4096
    assert stats.sign_test([1.06] * 12, 1.05) == 2 / 4096
    assert stats.sign_test([1.05] * 12, 1.05) == 1.0
    assert stats.sign_test([], 1.05) == 1.0


def test_holm_steps_down() -> None:
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert stats.holm([]) == []
    assert stats.holm([0.9, 0.8]) == [1.0, 1.0]


def test_what_is_detectable_grows_with_the_noise() -> None:
    quiet = [1 + 0.001 * i for i in range(-6, 6)]
    noisy = [1 + 0.02 * i for i in range(-6, 6)]
    assert 0.05 < stats.detectable(quiet, 0.99, 0.05) < 0.06
    assert stats.detectable(noisy, 0.99, 0.05) > 0.1
    assert stats.detectable([1.0] * 3, 0.99) == math.inf
