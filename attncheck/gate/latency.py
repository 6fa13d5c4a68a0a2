"""Judge latency: by pairs of interleaved fresh processes, or not at all.

Two runs of the same code minutes apart differ by more than most budgets, so a time from a file
never convicts. What does is the ratio of two versions that ran in turns: the interval between
order statistics of those ratios holds the true one with a stated confidence, whatever the noise.
Above the budget: regressed. Within: holds. Neither: undecided, with what it would take.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from attncheck.data import stats
from attncheck.gate.policy import Policy
from attncheck.gate.result import Answer, Check


def judge_pairs(
    name: str, claim: str, ratios: Sequence[float], policy: Policy, cases: int, again: str
) -> Check:
    """Return the answer of paired ratios, new / baseline.

    Args:
        name, claim: of the check.
        ratios: one per pair of fresh processes.
        policy: the budget, and the confidence of all cases together.
        cases: how many latencies this gate judges; each gets its share of the allowed error.
        again: the command that measures more pairs.
    """
    confidence = per_case(policy, cases)
    check = Check(name, claim, Answer.UNDECIDED, resolve=again)
    check.evidence = {"ratios": list(ratios), "budget": policy.slower, "cases": cases}
    if what := _no_ratios(ratios):
        check.reason = what
        return check
    interval = stats.order_interval(ratios, confidence)
    middle = stats.median(ratios)
    check.now = f"{middle - 1:+.1%}"
    if interval is None:
        needed = stats.samples_needed(confidence)
        check.reason = f"{len(ratios)} pairs cannot answer {_of(cases)}: it takes {needed}"
        check.resolve = f"{again} --processes {needed}"
        return check
    least = stats.detectable(ratios, confidence, policy.slower)
    check.evidence |= {
        "interval": [interval.low, interval.high],
        "confidence": interval.confidence,
        "detectable": least,
    }
    check.answer, why = _place(interval.low, interval.high, policy)
    check.reason = (
        f"{why}: {middle - 1:+.1%}, {interval.confidence:.2%} interval {interval.low - 1:+.1%} to "
        f"{interval.high - 1:+.1%} of {len(ratios)} pairs, budget {policy.slower:+.1%}; "
        f"a slowdown of {least:.1%} or more would have been found"
    )
    if check.answer is not Answer.UNDECIDED:
        check.resolve = "" if check.answer is Answer.HOLDS else again
    elif interval.high >= 1 - policy.slower:
        check.resolve = f"{again} --processes {2 * len(ratios)}"
    return check


def judge_stored(
    name: str,
    claim: str,
    before: Sequence[float],
    now: Sequence[float],
    policy: Policy,
    cases: int,
    floor: float | None,
    again: str,
) -> Check:
    """Return the answer of two runs, each a ratio to a workload timed beside it.

    Such runs were not interleaved with each other: they can acquit where even the worst of both
    intervals, widened by the machine's noise floor, is within the budget; they never convict.
    """
    check = Check(name, claim, Answer.UNDECIDED, resolve=again)
    check.evidence = {"before": list(before), "now": list(now), "budget": policy.slower}
    for who, ratios in (("baseline", before), ("report", now)):
        if what := _no_ratios(ratios):
            check.reason = f"{who}: {what}"
            return check
    confidence = 1 - (1 - per_case(policy, cases)) / 2  # both intervals must hold
    old, new = (stats.order_interval(ratios, confidence) for ratios in (before, now))
    check.now = f"{stats.median(now) / stats.median(before) - 1:+.1%}"
    needed = stats.samples_needed(confidence)
    if old is None or new is None:
        few = min(len(before), len(now))
        check.reason = f"{few} processes cannot answer {_of(cases)}: it takes {needed} of each"
        return check
    if floor is None:
        check.reason = "not measured in pairs, and the noise floor is not known"
        check.resolve = f"attncheck calibrate, or measure in pairs: {again}"
        return check
    low, high = new.low / old.high / (1 + floor), new.high / old.low * (1 + floor)
    check.evidence |= {"interval": [low, high], "confidence": 1 - 2 * (1 - confidence)}
    answer, why = _place(low, high, policy)
    span = f"{low - 1:+.1%} to {high - 1:+.1%}, budget {policy.slower:+.1%}"
    check.reason = f"{why}: {span}; not measured in pairs"
    if answer is Answer.HOLDS:
        check.answer, check.resolve = answer, ""
    elif answer is Answer.REGRESSED:
        check.reason = f"looks slower, and only pairs can say: {span}"
    return check


def per_case(policy: Policy, cases: int) -> float:
    """Return the confidence that each of this many cases needs (Bonferroni).

    So the chance that even one of all of them is judged wrongly stays at 1 - confidence.
    """
    return 1 - (1 - policy.confidence) / max(1, cases)


_MARGIN = 0.8
"""Of the budget: to hold, an interval must end below. At the budget itself every interval errs
once in a while; a slowdown that uses all of the budget must not pass then."""


def _place(low: float, high: float, policy: Policy) -> tuple[Answer, str]:
    """Return where the interval lies with regard to the budget."""
    if low > 1 + policy.slower:
        return Answer.REGRESSED, "slower than the budget allows"
    if high > 1 + _MARGIN * policy.slower:
        return Answer.UNDECIDED, "too near to the budget for this noise"
    if high < 1 - policy.slower:
        answer = Answer.HOLDS if policy.improved == "holds" else Answer.UNDECIDED
        return answer, "faster than in the baseline: what made it so?"
    return Answer.HOLDS, "within the budget"


def _no_ratios(ratios: Sequence[float]) -> str:
    if not ratios:
        return "no ratios of single processes are in the report"
    if not all(math.isfinite(ratio) and ratio > 0 for ratio in ratios):
        return "a ratio is no positive number"
    return ""


def _of(cases: int) -> str:
    return "with this confidence" if cases == 1 else f"for {cases} latencies with this confidence"
