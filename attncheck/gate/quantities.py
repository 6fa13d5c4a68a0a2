"""Compare what has no noise, number by number: parameters, multiply-accumulates, bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from attncheck.data.counts import Counts, known
from attncheck.gate.policy import Policy
from attncheck.gate.remedies import Remedies
from attncheck.gate.result import Answer, Check

COUNTS = {"parameters": "parameters", "macs": "macs", "elementwise": "macs"}
"""Entry of a subject's counts -> the policy's allowance for it."""
LABELS = {"elementwise": "element-wise operations"}
"""What a number is called, where it is not by its name."""
ROW = {
    "parameters": "parameters",
    "macs": "macs",
    "elementwise": "macs",
    "peak_bytes": "bytes",
    "peak_backward_bytes": "bytes",
    "saved_bytes": "bytes",
    "kernels": "macs",
}
"""Entry of a profile's row -> the policy's allowance for it."""


def compare_counts(
    name: str, before: Counts | None, now: Counts | None, policy: Policy, remedies: Remedies
) -> Iterator[Check]:
    """Yield the checks of a subject's counts; a count that is doubted now is undecided."""
    if before is None and now is None:
        return
    if now is None:
        why = "the baseline has counts, the report has none"
        yield Check(name, "counts", Answer.UNDECIDED, why, remedies.audit)
        return
    if before is None:
        answer = Answer.HOLDS if policy.new == "holds" else Answer.UNDECIDED
        yield Check(name, "counts", answer, "not in the baseline", remedies.promote)
        return
    old, new = ({key: known(getattr(one, key)) for key in COUNTS} for one in (before, now))
    yield from compare_numbers(name, COUNTS, old, new, policy, remedies.audit, remedies.promote)
    if _trust(before) != _trust(now):
        why = "the counters agree otherwise than in the baseline"
        said = known(now.disagreement) or "; ".join(known(now.unpriced) or [])
        again = remedies.audit if now.agree is False else remedies.promote
        yield Check(name, "counts agree", Answer.UNDECIDED, why, again, now=said)


def _trust(counts: Counts) -> tuple[object, ...]:
    return tuple(map(known, (counts.agree, counts.unpriced, counts.disagreement)))


def compare_numbers(
    name: str,
    allowances: Mapping[str, str],
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    policy: Policy,
    again: str,
    promote: str,
    suffix: str = "",
) -> Iterator[Check]:
    """Yield a check for each number that either side has.

    More than the baseline and its allowance is a regression; less is an improvement, or a
    baseline that is wrong, which the policy decides.
    """
    for key, allowance in allowances.items():
        old, new = before.get(key), now.get(key)
        if old is None and new is None:
            continue
        claim = f"{LABELS.get(key) or key.replace('_', ' ')}{suffix}"
        check = Check(name, claim, Answer.UNDECIDED, before=shown(old), now=shown(new))
        if new is None:
            check.reason, check.resolve = "in the baseline, not in the report", again
        elif old is None:
            check.reason, check.resolve = "not in the baseline", promote
            check.answer = Answer.HOLDS if policy.new == "holds" else Answer.UNDECIDED
        elif not (_is_count(old) and _is_count(new)):
            check.reason, check.resolve = "no count: a number that cannot be", again
        elif new > old * (1 + getattr(policy, allowance)):
            check.answer = Answer.REGRESSED
            check.reason = f"{shown(new - old)} more{_share(old, new)}"
            check.resolve = f"if it is meant: {promote}"
        elif new < old:
            check.answer = Answer.HOLDS if policy.improved == "holds" else Answer.UNDECIDED
            check.reason = f"{shown(old - new)} fewer than in the baseline"
            check.resolve = f"if it is meant: {promote}"
        else:
            check.answer = Answer.HOLDS
            if new > old:
                check.reason = f"{shown(new - old)} more{_share(old, new)}, within the allowance"
        yield check


def _is_count(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )


def _share(old: float, new: float) -> str:
    return f" ({new / old - 1:+.1%})" if old else ""


def shown(value: object) -> str:
    """Return a count for people: 5,806,080."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return f"{value:,}"
    return "" if value is None else str(value)
