"""Statistics of noisy times that assume nothing of their distribution: sorted samples and coins.

A time's noise is skewed, heavy-tailed and different on every machine, so nothing here takes it for
normal. Whether a sample lies above the true median is a fair coin whatever the distribution: the
number of samples above is binomial, and intervals between order statistics are *exact*. Samples
that are paired (measured in the same moments) are judged by their ratio, pair by pair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """Two samples between which the true quantile lies.

    Attributes:
        low, high: in the unit of the samples.
        confidence: of the interval exactly, at least what was asked for.
        rank: ``low`` is the ``rank``-th smallest sample, counted from 1.
        last: ``high`` is the ``last``-th smallest sample.
    """

    low: float
    high: float
    confidence: float
    rank: int
    last: int


def quantile(samples: Sequence[float], share: float) -> float:
    """Return the quantile below which ``share`` of the samples lie, interpolated.

    Raises:
        ValueError: there are no samples, or ``share`` is not in [0, 1].
    """
    if not samples or not 0 <= share <= 1:
        raise ValueError("a quantile needs samples, and a share in [0, 1]")
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median(samples: Sequence[float]) -> float:
    """Return the middle of the samples.

    Raises:
        ValueError: there are none.
    """
    return quantile(samples, 0.5)


def order_interval(
    samples: Sequence[float], confidence: float = 0.95, share: float = 0.5
) -> Interval | None:
    """Return the narrowest interval between samples that holds the true quantile.

    It is exact for independent samples of any continuous distribution:
    P(x_(l) <= x_share <= x_(u)) = P(l <= Bin(n, share) < u). For the median it is symmetric: as
    many samples are dropped at one end as at the other.

    Args:
        samples: in any order.
        confidence: at least this, such as 0.95.
        share: 0.5 for the median, 0.1 for the lowest decile.

    Returns:
        The interval; None where even all samples are too few for this confidence.
    """
    ordered = sorted(samples)
    count = len(ordered)
    tail = (1 - confidence) / 2
    # Equal tails: neither end may miss with more than half of what is allowed.
    rank = 0
    while rank < count and binomial_below(count, rank + 1, share) <= tail:
        rank += 1
    last = count + 1
    while last > 1 and binomial_below(count, count - last + 2, 1 - share) <= tail:
        last -= 1
    if rank < 1 or last > count or rank >= last:
        return None
    missed = binomial_below(count, rank, share) + binomial_below(count, count - last + 1, 1 - share)
    return Interval(ordered[rank - 1], ordered[last - 1], 1 - missed, rank, last)


def binomial_below(count: int, limit: int, share: float = 0.5) -> float:
    """Return P(Bin(count, share) < limit)."""
    if share == 0.5:  # exact, in whole numbers
        return _ways(count)[max(min(limit, count + 1), 0)] / (1 << count)
    return math.fsum(
        math.comb(count, i) * share**i * (1 - share) ** (count - i)
        for i in range(min(limit, count + 1))
    )


@lru_cache(maxsize=4)
def _ways(count: int) -> list[int]:
    """Return in how many ways fewer than 0, 1, 2… of so many coins show heads."""
    found, ways = [0], 1
    for heads in range(count + 1):
        found.append(found[-1] + ways)
        ways = ways * (count - heads) // (heads + 1)
    return found


def samples_needed(confidence: float) -> int:
    """Return the fewest samples that give an interval of the median with this confidence."""
    return max(2, 1 - math.floor(math.log2(1 - confidence)))


def paired_ratios(new: Sequence[float], base: Sequence[float]) -> list[float]:
    """Return new / base, pair by pair: what both have met in the same moments cancels.

    Raises:
        ValueError: the lengths differ, or a value is not a positive finite number.
    """
    for value in (*new, *base):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{value} is no time")
    return [one / other for one, other in zip(new, base, strict=True)]


def turns_ratio(new: Sequence[float], base: Sequence[float]) -> float:
    """Return new / base of two sides that took turns: the median over turns of their ratio.

    Within a turn both meet the same moment; over all turns, moments that only one of them met
    are outvoted.
    """
    return median(paired_ratios(new, base))


def sign_test(samples: Sequence[float], limit: float) -> float:
    """Return the two-sided p-value of 'the true median is ``limit``'.

    A sample equal to the limit speaks for neither side and counts against both.
    """
    above = sum(sample > limit for sample in samples)
    below = sum(sample < limit for sample in samples)
    against = len(samples) - max(above, below)
    return min(1.0, 2 * binomial_below(len(samples), against + 1)) if samples else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values corrected for their number, in the same order (Holm, step-down).

    Rejecting where the corrected value is at most alpha keeps the chance of even one wrong
    rejection among all of them at alpha, whatever their dependence.
    """
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - step) * p_values[index]))
        corrected[index] = largest
    return corrected


def detectable(ratios: Sequence[float], confidence: float, budget: float = 0.0) -> float:
    """Return the smallest slowdown that these pairs would have shown to exceed the budget.

    With the spread that was seen, a true slowdown s moves the lower end of the interval to
    s · low / median; it is found once that passes 1 + budget.

    Returns:
        The slowdown as a share: 0.08 is 8 %; infinite where the pairs are too few.
    """
    interval = order_interval(ratios, confidence)
    if interval is None or interval.low <= 0:
        return math.inf
    return (1 + budget) * median(ratios) / interval.low - 1
