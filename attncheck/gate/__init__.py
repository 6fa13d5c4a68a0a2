"""The gate: a pure function of two reports, a policy and what is accepted, without torch.

Every difference gets an answer.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from attncheck.data.report import Report, SubjectReport
from attncheck.gate.accepted import Entry, decided, read_accepted, standing
from attncheck.gate.claims import compare_claims, new_claims
from attncheck.gate.comparable import notes_of, of_reports, of_subject
from attncheck.gate.costs import compare_costs, latencies
from attncheck.gate.pairing import new_name, pairs
from attncheck.gate.policy import Policy, read_policy
from attncheck.gate.quantities import compare_counts
from attncheck.gate.remedies import promotion, remedies
from attncheck.gate.result import Answer, Check, GateResult, overall
from attncheck.gate.seal import load_report


@dataclass(frozen=True)
class Files:
    """How the compared files are called, for the commands that a result suggests."""

    report: str = "report.json"
    baseline: str = "baseline.json"
    accepted: str = "accepted.toml"


def gate(
    report: Report,
    baseline: Report,
    policy: Policy,
    accepted: Sequence[Entry] = (),
    *,
    today: datetime.date,
    files: Files = Files(),
) -> GateResult:
    """Return what has become of everything that the baseline says, and of what is new."""
    promote = promotion(files.report, files.baseline)
    matched = list(pairs(baseline, report))
    cases = sum(latencies(now, before) for _, before, now in matched if before and now)
    let, wrong = standing(accepted, decided(report), today, files.accepted)
    timed = policy.latency and cases > 0
    checks = [*of_reports(report, baseline, policy, promote, timed), *wrong]
    for name, before, now in matched:
        if now is None:
            checks.append(_missing(name, before, report, baseline, promote))
            continue
        ways = remedies(now, promote)
        if before is None:
            checks += new_claims(name, now, let, policy, ways)
            continue
        checks += of_subject(name, before, now, ways)
        checks += compare_claims(name, before, now, let, policy, ways)
        checks += compare_counts(name, before.counts, now.counts, policy, ways)
        checks += compare_costs(name, before, now, policy, cases, ways)
    notes = [*notes_of(report, baseline, policy, timed)]
    if timed:
        notes.insert(
            0, f"{cases} latencies are judged; all together at {policy.confidence:.0%} confidence"
        )
    return GateResult(answer=overall(checks), checks=checks, policy=_plain(policy), notes=notes)


def _missing(
    name: str, before: SubjectReport | None, report: Report, baseline: Report, promote: str
) -> Check:
    assert before is not None
    known = {f"{s.spec}@{s.subject}" for s in baseline.subjects}
    why = "in the baseline, not in the report"
    if renamed := new_name(before, report, known):
        why += f"; is {renamed} its new name?"
    resolve = promote if renamed else remedies(before, promote).audit
    return Check(name, "subject", Answer.UNDECIDED, why, resolve)


def _plain(policy: Policy) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(policy)
    return found


__all__ = [
    "Answer",
    "Check",
    "Entry",
    "Files",
    "GateResult",
    "Policy",
    "gate",
    "load_report",
    "read_accepted",
    "read_policy",
]
