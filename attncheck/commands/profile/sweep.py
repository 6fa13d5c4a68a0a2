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
from msgspec.structs import replace

from attncheck.auditing.run import SubjectAudited
from attncheck.commands.profile.about import about
from attncheck.commands.profile.questions import Capable, CostResult, TimeResult
from attncheck.commands.profile.rows import compared, growth_of, rows_of
from attncheck.commands.profile.run import (
    Listener,
    Measured,
    Often,
    audited,
    ceilings,
    key_of,
    measured,
    unaudited,
)
from attncheck.commands.profile.wanted import Plan
from attncheck.data.environment import fingerprint
from attncheck.data.profile import Profile
from attncheck.data.report import Problem, Report, SubjectReport, Verdict
from attncheck.data.report_file import read_report
from attncheck.errors import UsageError
from attncheck.execution.limits import Limits
from attncheck.execution.supervising import Result

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
        anyway: try no claim, and time everything.
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
            save(replace(report, subjects=[now[at] for at in sorted(now)]))

    found: dict[int, SubjectReport] = dict(wanted.earlier)
    report = Report(environment=fingerprint(), subjects=[*found.values()])
    try:
        for place, one, said in _each(wanted, listener, keep):
            if said is not None:
                report.problems.append(said)
            if one is not None:
                found[place] = one
            report.subjects = [found[at] for at in sorted(found)]
            report.partial = _is_cut(one)
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
    trusted = [plan for plan in plans if wanted.anyway or plan.audit.job.plain]
    audits = {key_of(plan): unaudited(plan) for plan in trusted}
    if rest := [plan for plan in plans if key_of(plan) not in audits]:
        audits |= audited(rest, wanted.limits, wanted.workers, listener)
    capable: Mapping[str, Capable] = {}
    if plans[0].measure.device != "meta":
        capable = ceilings(plans, wanted.limits, listener)
    for place in left:
        one, said = _profiled(wanted, place, audits, capable, listener, keep)
        yield place, one, said
        if _is_cut(one):
            raise KeyboardInterrupt


def _profiled(
    wanted: Sweep,
    place: int,
    audits: Mapping[bytes, SubjectAudited],
    capable: Mapping[str, Capable],
    listener: Listener,
    keep: Callable[[int, SubjectReport], None],
) -> tuple[SubjectReport | None, Problem | None]:
    plan = wanted.plans[place]
    audit = audits[key_of(plan)]
    # Two plans may share an audit, and each has a profile of its own.
    one = audit.subject and replace(audit.subject)
    if one is None or audit.problem is not None:
        if one is not None:
            one.profile = Profile(warning="the audit was not finished")
        return one, audit.problem
    wrong = wrongs(one)
    profile = one.profile = about(plan, capable)
    profile.asked = asked(plan, wanted.extra)
    if wrong:
        profile.warning = f"not timed: it violates {wrong}"
        profile.refused = True
        return one, None

    def so_far(seen: Measured) -> None:
        told = replace(profile, complete=False, so_far=msgspec.to_builtins(seen))
        keep(place, replace(one, profile=told))

    begun = wanted.begun.get(place)
    seen = measured(plan, wanted.other, wanted.often, wanted.limits, listener, begun, so_far)
    profile.rows = rows_of(plan.measure, seen, wanted.processes, capable, wanted.against)
    profile.scaling = growth_of(seen, profile.rows)
    if seen.interrupted:
        profile.complete = False
        profile.so_far = msgspec.to_builtins(_whole(seen))
    profile.disturbed = _disturbed(seen)
    if wanted.anyway and not plan.audit.job.plain:
        profile.warning = "no claim was tried: these may be figures of a wrong module"
    if wanted.other is not None:
        other = audits[key_of(wanted.other)].subject
        verdict = other.verdict.value if other else ""
        profile.against = compared(wanted.against, profile.rows, seen, verdict)
    return one, None


def _is_cut(one: SubjectReport | None) -> bool:
    return one is not None and one.profile is not None and not one.profile.complete


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
    known = _known(report, plans, extra)
    return {place: subject for place, (subject, profile) in known.items() if profile.complete}


def begun(report: Report, plans: list[Plan], extra: dict[str, Any]) -> dict[int, Measured]:
    """Return what was measured of subjects that were not finished, by their place."""
    found: dict[int, Measured] = {}
    for place, (_, profile) in _known(report, plans, extra).items():
        if profile.so_far and not profile.complete:
            with contextlib.suppress(msgspec.ValidationError):  # then it is measured anew
                found[place] = msgspec.convert(profile.so_far, Measured)
    return found


def _known(
    report: Report, plans: list[Plan], extra: dict[str, Any]
) -> dict[int, tuple[SubjectReport, Profile]]:
    known = {
        msgspec.json.encode(profile.asked, order="deterministic"): (subject, profile)
        for subject in report.subjects
        if (profile := subject.profile) is not None
    }
    keys = [msgspec.json.encode(asked(plan, extra), order="deterministic") for plan in plans]
    return {place: known[key] for place, key in enumerate(keys) if key in known}


def asked(plan: Plan, extra: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a profile this one and no other."""
    job = plan.audit.job
    told = {"spec": plan.spec.id, "subject": job.name, "target": job.target}
    found: dict[str, Any] = msgspec.to_builtins(plan.measure)
    return {**told, "arguments": job.arguments, "dims": job.dims, **found, **extra}
