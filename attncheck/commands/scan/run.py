"""Look through places, audit what is found, and put together one report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from attncheck.auditing.assemble import portable_path
from attncheck.auditing.request import Asked
from attncheck.auditing.run import AuditRun, Checkpoint
from attncheck.auditing.select import Selection
from attncheck.auditing.things import Thing
from attncheck.commands.scan.classes import Candidate, candidates, read_classes
from attncheck.commands.scan.found import AskedOf, Found
from attncheck.commands.scan.given import Given, given_places, part_of
from attncheck.commands.scan.identified import identify_groups, identify_misnamed
from attncheck.commands.scan.places import SourceFile, sources_of
from attncheck.commands.scan.watch import STEP, Alike, watch_of
from attncheck.data.report import Problem, Report, SubjectReport
from attncheck.data.scan import Group, LiveModel, Scan, Unread
from attncheck.errors import UsageError
from attncheck.execution.cache import ResultCache
from attncheck.execution.cached import run_known
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.signature.factories import AsItIs
from attncheck.spec.kinship import named_so, placed_so
from attncheck.subject.live import unwrapped

Auditor = Callable[[list[Selection], Checkpoint], AuditRun]
"""Audits selections, and tells what became of each as it is known."""


def scan(
    places: Sequence[Any],
    asked: Asked,
    audit: Auditor,
    limits: Limits,
    workers: int = 0,
    keep: Callable[[Report], None] | None = None,
    cache: ResultCache | None = None,
    engine: Engine | None = None,
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
        engine: where all but the audits is sent; None for this machine.

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
    found = Found(_read(given.texts), limits, cache)
    found.scan.places = given.names
    alone = replace(asked, inputs=())
    found.questions = [AskedOf(group.target, alone) for group in found.scan.groups]
    for thing, kind in given.classes:
        found.add(_group_of(thing), AskedOf(kind, alone))
    cut = _watch(found, given, asked, limits, workers, cache, engine)
    cut = cut or identify_groups(found, limits, workers, cache, engine)
    for number, group in enumerate(found.scan.groups):
        if group.mechanism or number in found.decoding:
            found.select(number)
    cut = cut or _audit(found, audit, keep)
    cut = cut or identify_misnamed(found, limits, workers, cache, engine)
    cut = cut or _audit(found, audit, keep)
    report = found.report()
    report.partial = cut
    return report


def _audit(found: Found, audit: Auditor, keep: Callable[[Report], None] | None) -> bool:
    """Audit what is selected; say whether that was cut short."""
    if not found.selections:
        return False
    began = time.time_ns()

    def checkpoint(place: int, subject: SubjectReport | None, problem: Problem | None) -> None:
        found.take(place, subject, problem)
        if keep is not None:
            keep(found.report())

    run = audit([selection for _, selection in found.selections], checkpoint)
    for place, entry in enumerate(run.entries):
        found.take(place, entry.subject, entry.problem)
    found.remember(run.entries, began)
    return run.report.partial


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
    found: Found,
    given: Given,
    asked: Asked,
    limits: Limits,
    workers: int,
    cache: ResultCache | None,
    engine: Engine | None,
) -> bool:
    """Add the groups of live models, each watched in a child; say whether that was cut short."""
    inputs = list(asked.inputs)
    names = [*given.live, *(thing.written for thing in given.instances)]
    tasks = [watch_of(target, inputs) for target in given.live]
    tasks += [watch_of(thing.target, inputs, thing) for thing in given.instances]
    results, interrupted = (
        run_known(tasks, limits, workers, cache=cache, engine=engine) if tasks else ([], False)
    )
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
            if isinstance(model, AsItIs):
                whole_model = unwrapped(model.module)
                part = part_of(whole_model, one.places[0], said.inputs, kept=one.kept)
                question = AskedOf(part, replace(asked, inputs=one.call))
            else:
                question = AskedOf(group.target, asked)
            found.add(group, question)
            if one.decodes:
                found.decoding.add(len(found.questions) - 1)
    return interrupted


def _part(whole: str, one: Alike) -> Group:
    first, kind = one.places[0], one.kind
    mechanism = named_so(one.name, attends=bool(kind))
    mechanism = mechanism or placed_so(first, attends=bool(kind))
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
