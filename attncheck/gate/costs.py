"""Compare what was measured of a subject: bytes exactly, latency by its pairs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import msgspec

from attncheck.data.profile import Profile, Row, Timing
from attncheck.data.report import SubjectReport
from attncheck.gate.latency import judge_pairs, judge_stored
from attncheck.gate.pairing import same_target
from attncheck.gate.policy import Policy
from attncheck.gate.quantities import ROW, compare_numbers
from attncheck.gate.remedies import Remedies
from attncheck.gate.result import Answer, Check

_REVISION = re.compile(r"@[^:]*")
_SAME = ("device", "device_name", "driver", "torch", "threads")


def latencies(now: SubjectReport, before: SubjectReport) -> int:
    """Return how many latencies a gate would judge of this subject."""
    found: set[tuple[str, str]] = set()
    for subject in (now, before):
        if (profile := subject.profile) is None:
            continue
        for row in profile.rows:
            found |= {(row.name, mode) for mode, _ in row.timed}
        if profile.against:
            found |= {(row.name, row.mode) for row in profile.against.rows}
    return len(found)


def compare_costs(
    name: str,
    before: SubjectReport,
    now: SubjectReport,
    policy: Policy,
    cases: int,
    remedies: Remedies,
) -> Iterator[Check]:
    """Yield the checks of everything that either profile measured."""
    if before.profile is None and now.profile is None:
        return
    if now.profile is None:
        why = "the baseline has a profile, the report has none"
        yield Check(name, "profile", Answer.UNDECIDED, why, remedies.profile)
        return
    old, new = before.profile or Profile(), now.profile
    trusted = True
    for check in _circumstances(name, old, new, before.profile is not None, remedies):
        trusted = False
        yield check
    rows = {row.name: row for row in old.rows}
    new_rows = {row.name: row for row in new.rows}
    for key in [*rows, *(key for key in new_rows if key not in rows)]:
        yield from _row(name, key, rows.get(key), new_rows.get(key), policy, remedies)
    if policy.latency and trusted:
        yield from _latency(name, before.target, old, new, policy, cases, remedies)


def _circumstances(
    name: str, old: Profile, new: Profile, known: bool, remedies: Remedies
) -> Iterator[Check]:
    """Yield why measurements cannot be compared: another machine, or a disturbed one."""
    for field in _SAME if known else ():
        before, now = getattr(old, field), getattr(new, field)
        if before != now:
            why = f"measured with another {field.replace('_', ' ').rstrip('s')} than the baseline"
            yield Check(
                name, "profile", Answer.UNDECIDED, why, remedies.profile, str(before), str(now)
            )
    for who, profile in (("baseline", old), ("report", new)):
        if not profile.complete:
            why = f"the {who}'s profile was interrupted"
            again = remedies.promote if who == "baseline" else remedies.profile
            yield Check(name, "profile", Answer.UNDECIDED, why, again)
        if profile.disturbed:
            why = f"the {who} was measured on a disturbed machine: {profile.disturbed}"
            again = remedies.promote if who == "baseline" else remedies.profile
            yield Check(name, "profile", Answer.UNDECIDED, why, again)
    if new.warning != old.warning and known:
        why = f"the profile carries a warning: {new.warning or old.warning}"
        yield Check(name, "profile", Answer.UNDECIDED, why, remedies.audit)


def _row(
    name: str, key: str, before: Row | None, now: Row | None, policy: Policy, remedies: Remedies
) -> Iterator[Check]:
    if now is None or before is None:
        why = "in the baseline, not measured now" if now is None else "not in the baseline"
        allowed = now is not None and policy.new == "holds"
        yield Check(
            name,
            f"profile {key}",
            Answer.HOLDS if allowed else Answer.UNDECIDED,
            why,
            remedies.profile if now is None else remedies.promote,
        )
        return
    if before.peak_source != now.peak_source:
        yield Check(
            name,
            f"peak bytes {key}",
            Answer.UNDECIDED,
            "memory was measured in another way",
            remedies.profile,
            before.peak_source,
            now.peak_source,
        )
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(now)
    again, promote = remedies.profile, remedies.promote
    yield from compare_numbers(name, ROW, old, new, policy, again, promote, suffix=f" {key}")


def _latency(
    name: str,
    target: str,
    old: Profile,
    new: Profile,
    policy: Policy,
    cases: int,
    remedies: Remedies,
) -> Iterator[Check]:
    """Yield a check per row and mode: from pairs where there are any, else from two runs."""
    if refused := _hopeless(name, new.noise_floor, policy):
        yield refused
        return
    pairs = {}
    if new.against is not None:
        pairs = {(row.name, row.mode): row.ratios for row in new.against.rows}
        if not same_target(_unrevised(new.against.target), target):
            why = "measured against something that is not the baseline's subject"
            said = target, new.against.target
            yield Check(name, "latency", Answer.UNDECIDED, why, remedies.pairs, *said)
            return
    before, now = _timings(old), _timings(new)
    keys = [*before, *(key for key in now if key not in before)]
    for key in [*keys, *(key for key in pairs if key not in keys)]:
        claim = f"latency {key[1]} {key[0]}"
        if key in pairs:
            yield judge_pairs(name, claim, pairs[key], policy, cases, remedies.pairs)
        elif key not in before or key not in now:
            why = "in the baseline, not measured now" if key in before else "not in the baseline"
            answer = Answer.HOLDS if key in now and policy.new == "holds" else Answer.UNDECIDED
            yield Check(name, claim, answer, why, remedies.pairs)
        elif doubted := _doubted(before[key], now[key]):
            yield Check(name, claim, Answer.UNDECIDED, doubted, remedies.pairs)
        else:
            ratios = before[key].ratios, now[key].ratios
            yield judge_stored(name, claim, *ratios, policy, cases, new.noise_floor, remedies.pairs)


def _timings(profile: Profile) -> dict[tuple[str, str], Timing]:
    return {(row.name, mode): timing for row in profile.rows for mode, timing in row.timed}


def _doubted(before: Timing, now: Timing) -> str:
    for who, timing in (("baseline", before), ("report", now)):
        if timing.status != "trusted":
            return f"the {who} does not trust its own time: {timing.why or timing.status}"
    if before.beside != now.beside:
        return f"timed beside {now.beside or 'nothing'}, before {before.beside or 'nothing'}"
    return ""


def _hopeless(name: str, floor: float | None, policy: Policy) -> Check | None:
    """Return the refusal of a budget that this machine's noise would decide, None if it is fair."""
    if floor is None or policy.slower >= floor:
        return None
    least = math.ceil(floor * 100) / 100
    why = (
        f"a budget of {policy.slower:.1%} is refused: it is below this machine's noise floor, "
        f"{floor:.1%}; write slower = {least} or more, or calibrate when the machine is quiet"
    )
    return Check(name, "latency", Answer.UNDECIDED, why, "attncheck calibrate")


def _unrevised(target: str) -> str:
    """Return ``path.py:Class`` of ``path.py@revision:Class`` or ``path.py:Class@revision``."""
    return _REVISION.sub("", target)
