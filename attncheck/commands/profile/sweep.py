"""The whole of ``attncheck profile``: a report whose subjects carry a profile.

An interrupted sweep goes on: what an earlier report has need not be measured.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.run import SubjectAudited
from attncheck.commands.profile.about import about
from attncheck.commands.profile.questions import CostResult, TimeResult
from attncheck.commands.profile.rows import compared, growth_of, plain, rows_of
from attncheck.commands.profile.run import (
    Listener,
    Measured,
    Often,
    audited,
    ceilings,
    key_of,
    measured,
)
from attncheck.commands.profile.wanted import Plan
from attncheck.data.environment import fingerprint
from attncheck.data.report import Problem, Report, SubjectReport, Verdict
from attncheck.data.report_file import read_report
from attncheck.errors import UsageError
from attncheck.execution.limits import Limits
from attncheck.execution.supervising import Result

SO_FAR = "so_far"
"""Where a profile that is not finished holds what its processes said."""
_SAME = ("attncheck", "python", "processor", "cores", "torch")


@dataclass(frozen=True)
class Sweep:
    """What is to be profiled, and how.

    Attributes:
        plans: the subjects.
        other: the other side of ``--against``.
        against: how it was named.
        processes: fresh ones for each subject (pairs of them, where there is another side).
        most: fresh ones, where no two agree on the quickest call.
        anyway: time what violates its claims, too.
        limits: of each child process.
        workers: audits at once.
        earlier: subjects that need not be measured again, by their place among the plans.
        begun: what is measured already of others.
    """

    plans: Sequence[Plan]
    other: Plan | None = None
    against: str = ""
    processes: int = 3
    most: int = 0
    anyway: bool = False
    limits: Limits = field(default_factory=Limits)
    workers: int = 0
    earlier: Mapping[int, SubjectReport] = field(default_factory=dict)
    begun: Mapping[int, Measured] = field(default_factory=dict)

    @property
    def often(self) -> Often:
        """How often each point is timed; half of the time for one point goes into waiting."""
        most = self.processes if self.other else max(self.most, self.processes)
        return Often(self.processes, most, self.limits.claim_seconds / 2)

    @property
    def extra(self) -> dict[str, Any]:
        """What a profile depends on besides its plan."""
        return {"processes": self.processes, "most": self.most, "against": self.against}


def sweep(
    wanted: Sweep, listener: Listener, save: Callable[[Report], None] | None = None
) -> Report:
    """Return the profiles of all subjects; what was interrupted is partial.

    Args:
        wanted: what to measure.
        listener: told how far the work is.
        save: given the report after each process, so that nothing measured is ever lost.
    """

    def keep(place: int, one: SubjectReport) -> None:
        if save is not None:
            now = {**found, place: one}
            save(msgspec.structs.replace(report, subjects=[now[at] for at in sorted(now)]))

    found: dict[int, SubjectReport] = dict(wanted.earlier)
    report = Report(environment=fingerprint(), subjects=[*found.values()])
    try:
        for place, one, said in _each(wanted, listener, keep):
            if said is not None:
                report.problems.append(said)
            if one is not None:
                found[place] = one
            report.subjects = [found[at] for at in sorted(found)]
            report.partial = one is not None and not one.profile["complete"]
            if save is not None:
                save(report)
    except KeyboardInterrupt:  # wherever it came: what is finished counts
        report.partial = True
    return report


def _each(
    wanted: Sweep, listener: Listener, keep: Callable[[int, SubjectReport], None]
) -> Iterator[tuple[int, SubjectReport | None, Problem | None]]:
    """Yield the place of each plan that is left, with what became of it.

    Raises:
        KeyboardInterrupt: the work was cut short.
    """
    left = {at: plan for at, plan in enumerate(wanted.plans) if at not in wanted.earlier}
    if not left:
        return
    plans = [*left.values(), *([wanted.other] if wanted.other else [])]
    audits = audited(plans, wanted.limits, wanted.workers, listener)
    peaks: dict[str, Any] = {}
    if plans[0].measure.device != "meta":
        peaks = ceilings(plans, wanted.limits, listener)
    for place in left:
        one, said = _profiled(wanted, place, audits, peaks, listener, keep)
        yield place, one, said
        if one is not None and not one.profile["complete"]:
            raise KeyboardInterrupt


def _profiled(
    wanted: Sweep,
    place: int,
    audits: Mapping[bytes, SubjectAudited],
    peaks: Mapping[str, Any],
    listener: Listener,
    keep: Callable[[int, SubjectReport], None],
) -> tuple[SubjectReport | None, Problem | None]:
    plan = wanted.plans[place]
    audit = audits[key_of(plan)]
    # Two plans may share an audit, and each has a profile of its own.
    one = audit.subject and msgspec.structs.replace(audit.subject)
    if one is None or audit.problem is not None:
        return one if one and _bare(one) else None, audit.problem
    wrong = wrongs(one)
    profile: dict[str, Any] = {**about(plan, peaks), "asked": asked(plan, wanted.extra)}
    profile["complete"] = True
    one.profile = profile
    if wrong and not wanted.anyway:
        profile["warning"] = f"not timed: it violates {wrong}"
        profile["refused"] = True
        return one, None

    def so_far(seen: Measured) -> None:
        told = {**profile, "complete": False, SO_FAR: msgspec.to_builtins(seen)}
        keep(place, msgspec.structs.replace(one, profile=told))

    begun = wanted.begun.get(place)
    seen = measured(plan, wanted.other, wanted.often, wanted.limits, listener, begun, so_far)
    rows = rows_of(plan.measure, seen, wanted.processes, peaks, wanted.against)
    profile["rows"] = plain(rows)
    profile["scaling"] = plain(growth_of(seen, rows))
    profile["complete"] = not seen.interrupted
    if seen.interrupted:
        profile[SO_FAR] = msgspec.to_builtins(_whole(seen))
    profile["disturbed"] = _disturbed(seen)
    if wrong:
        profile["warning"] = f"these are figures of a module that violates {wrong}"
    if wanted.other is not None:
        profile["against"] = compared(wanted.against, plan.measure, rows, seen.times, seen.others)
        if other := audits[key_of(wanted.other)].subject:
            profile["against"]["verdict"] = other.verdict.value
    return one, None


def _whole(seen: Measured) -> Measured:
    """Return what those processes said that were not cut short."""
    pairs = list(zip_longest(seen.times, seen.others))
    whole = [(own, other) for own, other in pairs if not _cut(own) and not _cut(other)]
    costs: CostResult = Result() if _cut(seen.costs) else seen.costs
    others = [other for _, other in whole if other is not None]
    return Measured(costs, [own for own, _ in whole], others)


def _cut(result: CostResult | TimeResult | None) -> bool:
    return result is not None and result.interrupted


def wrongs(subject: SubjectReport) -> str:
    """Return the claims that a module violates, and that forbid to time it; "" without any."""
    if subject.verdict is not Verdict.VIOLATES:
        return ""
    names = [f.claim for f in subject.findings if f.counts]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


def _bare(one: SubjectReport) -> bool:
    one.profile = {"complete": True, "rows": [], "warning": "the audit was not finished"}
    return True


def _disturbed(seen: Measured) -> str:
    said = (told.disturbed for one in seen.times for told in one.answers.values())
    return next(filter(None, said), "")


def earlier(path: Path) -> Report:
    """Return the report of a sweep.

    Raises:
        UsageError: it is none, or of another machine or installation.
    """
    report = read_report(path)
    here = fingerprint()
    for name in _SAME:
        if report.environment.get(name) != here.get(name):
            raise UsageError(
                f"{name} was {report.environment.get(name)}, and here is {here.get(name)}",
                where=str(path),
                instead="profile anew: figures of two machines do not stand in one report",
            )
    return report


def finished(report: Report, plans: list[Plan], extra: dict[str, Any]) -> dict[int, SubjectReport]:
    """Return the subjects of the report that were finished, by their place among the plans."""
    return {
        place: subject
        for place, subject in _known(report, plans, extra).items()
        if subject.profile.get("complete")
    }


def begun(report: Report, plans: list[Plan], extra: dict[str, Any]) -> dict[int, Measured]:
    """Return what was measured of subjects that were not finished, by their place."""
    found: dict[int, Measured] = {}
    for place, subject in _known(report, plans, extra).items():
        so_far = subject.profile.get(SO_FAR)
        if so_far and not subject.profile.get("complete"):
            with contextlib.suppress(msgspec.ValidationError):  # then it is measured anew
                found[place] = msgspec.convert(so_far, Measured)
    return found


def _known(report: Report, plans: list[Plan], extra: dict[str, Any]) -> dict[int, SubjectReport]:
    known = {
        msgspec.json.encode(subject.profile.get("asked"), order="deterministic"): subject
        for subject in report.subjects
    }
    keys = [msgspec.json.encode(asked(plan, extra), order="deterministic") for plan in plans]
    return {place: known[key] for place, key in enumerate(keys) if key in known}


def asked(plan: Plan, extra: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a profile this one and no other."""
    job = plan.audit.job
    told = {"spec": plan.spec.id, "subject": job.name, "target": job.target}
    found: dict[str, Any] = msgspec.to_builtins(plan.measure)
    return {**told, "arguments": job.arguments, "dims": job.dims, **found, **extra}
