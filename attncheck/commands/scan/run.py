"""Look through places, audit what is found, and put together one report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.assemble import portable_path
from attncheck.auditing.request import Asked
from attncheck.auditing.run import AuditRun, Checkpoint
from attncheck.auditing.select import Selection, select
from attncheck.auditing.task import Audit
from attncheck.auditing.things import Thing
from attncheck.commands.scan.classes import Candidate, candidates, read_classes
from attncheck.commands.scan.given import Given, given_places
from attncheck.commands.scan.identified import AskedOf, identify_groups
from attncheck.commands.scan.places import SourceFile, sources_of
from attncheck.commands.scan.watch import STEP, Alike, watch_of
from attncheck.data.environment import fingerprint
from attncheck.data.report import Finding, Problem, Report, Status, SubjectReport, Verdict
from attncheck.data.scan import Group, LiveModel, Scan, Unread
from attncheck.errors import AttncheckError, UsageError
from attncheck.execution.cache import ResultCache
from attncheck.execution.cached import run_known
from attncheck.execution.limits import Limits
from attncheck.signature.factories import AsItIs
from attncheck.spec.kinship import named_so
from attncheck.subject.live import unwrapped

Auditor = Callable[[list[Selection], Checkpoint], AuditRun]
"""Audits selections, and tells what became of each as it is known."""


_Outcome = tuple[SubjectReport | None, Problem | None]
"""What became of a selection."""


@dataclass
class _Found:
    """What is known before anything is audited."""

    scan: Scan
    questions: list[AskedOf] = field(default_factory=list)
    """Of each group."""
    selections: list[Selection] = field(default_factory=list)
    audited: list[int] = field(default_factory=list)
    """The group of each selection."""


def scan(
    places: Sequence[Any],
    asked: Asked,
    audit: Auditor,
    limits: Limits,
    workers: int = 0,
    keep: Callable[[Report], None] | None = None,
    cache: ResultCache | None = None,
) -> Report:
    """Return the report of every attention in places.

    Args:
        places: files, folders, packages, classes and live models, or what Python code has at hand.
        asked: the options of every audit; its inputs are the whole call of the live models.
        audit: audits what is selected.
        limits: what each live model may use while it is watched.
        workers: how many are watched at once; 0 for one per core.
        keep: told the report so far, each time an audit ends.
        cache: what is known of earlier, for all but the audits; None for nothing.

    Raises:
        UsageError: a place is not there, or inputs are given and no live model.
        TargetError: the arguments of a live model cannot be read, or a thing makes no module.
    """
    given = given_places(places)
    if asked.inputs and not (given.live or given.instances):
        raise UsageError(
            "--input is the call of a live model, and none is named",
            instead="name what builds it: 'net.py:Net()'",
        )
    found = _Found(_read(given.texts))
    found.scan.places = given.names
    alone = replace(asked, inputs=())
    found.questions = [AskedOf(group.target, alone) for group in found.scan.groups]
    for thing, kind in given.classes:
        found.scan.groups.append(_group_of(thing))
        found.questions.append(AskedOf(kind, alone))
    interrupted = _watch(found, given, asked, limits, workers, cache)
    groups = found.scan.groups
    if not interrupted:
        interrupted = identify_groups(groups, found.questions, limits, workers, cache)
    for number, group in enumerate(groups):
        if group.mechanism:
            _select(found, number, group)
    environment = fingerprint()
    known: dict[int, _Outcome] = {}

    def checkpoint(place: int, subject: SubjectReport | None, problem: Problem | None) -> None:
        known[place] = subject, problem
        if keep is not None:
            keep(_report(found, known, environment))

    run = audit([] if interrupted else found.selections, checkpoint)
    known |= {place: (entry.subject, entry.problem) for place, entry in enumerate(run.entries)}
    report = _report(found, known, environment)
    report.partial = run.report.partial or interrupted
    return report


def _read(places: Sequence[str]) -> Scan:
    """Return the groups of classes, found by reading alone."""
    sources: dict[str, SourceFile] = {}
    wanted: dict[str, set[str]] = {}
    for place in places:
        whole, name = _class_in(place)
        for source in sources_of(whole):
            key = str(source.path.resolve())
            sources.setdefault(key, source)
            wanted.setdefault(key, set()).add(name)
    files = [read_classes(source) for source in sources.values()]
    asked_for = {str(sources[key].path): names for key, names in wanted.items()}
    return Scan(
        list(places),
        [
            _group(one)
            for one in candidates(files)
            if {"", one.name} & asked_for[str(one.source.path)]
        ],
        files=len(files),
        classes=sum(len(file.classes) for file in files),
        unread=[Unread(str(file.source.path), file.wrong) for file in files if file.wrong],
    )


def _class_in(place: str) -> tuple[str, str]:
    """Return the file or module of ``file.py:Class`` and the class, "" where none is named."""
    whole, colon, name = place.rpartition(":")
    return (whole, name) if colon and not Path(place).exists() else (place, "")


def _watch(
    found: _Found,
    given: Given,
    asked: Asked,
    limits: Limits,
    workers: int,
    cache: ResultCache | None,
) -> bool:
    """Add the groups of live models, each watched in a child; say whether that was cut short."""
    inputs = list(asked.inputs)
    names = [*given.live, *(thing.written for thing in given.instances)]
    tasks = [watch_of(target, inputs) for target in given.live]
    tasks += [watch_of(thing.target, inputs, thing) for thing in given.instances]
    results, interrupted = run_known(tasks, limits, workers, cache=cache) if tasks else ([], False)
    models = [None] * len(given.live) + [thing.factory for thing in given.instances]
    for name, model, result in zip(names, models, results, strict=False):
        said = result.answers.get(STEP)
        if said is None or said.failed:
            why = result.refused.what if result.refused else said.failed if said else "not called"
            found.scan.unread.append(Unread(name, why))
            continue
        whole = given.live[name].whole if name in given.live else name
        found.scan.models.append(LiveModel(whole, said.inputs, said.tree))
        for one in said.groups:
            group = _part(whole, one)
            found.scan.groups.append(group)
            if isinstance(model, AsItIs):
                part = unwrapped(model.module).get_submodule(one.places[0])
                question = AskedOf(part, replace(asked, inputs=one.call))
            else:
                question = AskedOf(group.target, asked)
            found.questions.append(question)
    return interrupted


def _part(whole: str, one: Alike) -> Group:
    first, kind = one.places[0], one.kind
    mechanism = named_so(one.name, attends=bool(kind))
    mechanism = mechanism or named_so(first.rpartition(".")[2], attends=bool(kind))
    return Group(
        name=one.name,
        target=f"{whole}#{first}",
        path=portable_path(one.path),
        line=one.line,
        kind=kind,
        places=one.places,
        mechanism=mechanism,
        known="named" if mechanism else "unknown",
    )


def _group_of(thing: Thing) -> Group:
    mechanism = named_so(thing.name)
    return Group(
        name=thing.name,
        target=thing.target,
        mechanism=mechanism,
        known="named" if mechanism else "unknown",
    )


def _group(one: Candidate) -> Group:
    return Group(
        name=one.name,
        target=one.target,
        path=one.source.path.as_posix(),
        line=one.line,
        kind=one.kind,
        mechanism=one.mechanism,
        known="named" if one.mechanism else "unknown",
    )


def _select(found: _Found, number: int, group: Group) -> None:
    try:
        chosen = select(group.mechanism, *found.questions[number])
    except UsageError:
        raise  # of the options, whatever the class
    except AttncheckError as error:
        group.refused = error.what
        return
    found.selections += chosen
    found.audited += [number] * len(chosen)


def _report(found: _Found, known: Mapping[int, _Outcome], environment: Mapping[str, Any]) -> Report:
    """Return the report of the audits, with what became of each group; none is a problem.

    A class that nobody can build alone is no failure of a scan: it is said in its line.

    Args:
        found: what was selected.
        known: what became of selections, by their places.
        environment: where.
    """
    subjects: list[SubjectReport] = []
    groups = [msgspec.structs.replace(group) for group in found.scan.groups]
    for place in sorted(known):
        group, task = groups[found.audited[place]], found.selections[place][1]
        subject, problem = known[place]
        if problem is not None:
            group.refused = problem.what
        if subject is None:
            continue
        group.known = _known(subject, task) or group.known
        if group.known == "named" and subject.verdict is Verdict.VIOLATES:
            group.refused = _unconfirmed(subject)
        else:
            group.subject = len(subjects)
            subjects.append(subject)
    scan = msgspec.structs.replace(found.scan, groups=groups)
    return Report(environment=dict(environment), subjects=subjects, scan=scan)


def _unconfirmed(subject: SubjectReport) -> str:
    """Return what is said of a module that has a mechanism's name and nothing else of it.

    A ``Bottleneck`` may be another paper's: what a name alone promises, nobody has broken.
    """
    broken = next(finding for finding in subject.findings if finding.counts)
    return f"nothing but its name says {subject.spec}: {broken.claim}: {broken.message}"


def _known(subject: SubjectReport, task: Audit) -> str:
    """Return how the audit itself knows the mechanism, "" where it does not."""
    settling = [finding for finding in subject.findings if task.claims[finding.claim].settles]
    return next(filter(None, map(_said_by, settling)), "")


def _said_by(finding: Finding) -> str:
    if finding.status is Status.HOLDS:
        return "variant" if finding.changes else "proven"
    return "departs" if finding.evidence.get("departure") else ""
