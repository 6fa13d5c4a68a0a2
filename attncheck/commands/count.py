"""What one call of a subject costs, at any size, by operator and by submodule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from attncheck.auditing.assemble import counted_report
from attncheck.auditing.plain_job import plain_asked
from attncheck.auditing.select import Selection
from attncheck.auditing.things import request_of
from attncheck.catalogue import load
from attncheck.data.counts import Branch, Costs, Counts, known
from attncheck.data.environment import fingerprint
from attncheck.data.page import Page, Section, Table
from attncheck.data.report import Problem, Report, SubjectReport, name_of
from attncheck.devices import check_device
from attncheck.errors import AttncheckError, TargetError
from attncheck.formats.shared.wording import plural
from attncheck.instruments.counting.count import BothCounts, count_module, tell
from attncheck.instruments.counting.live import count_live
from attncheck.instruments.counting.predicted import predict_call
from attncheck.instruments.counting.tree import tree
from attncheck.lazy import torch
from attncheck.signature.inputs import parse_input
from attncheck.signature.live_target import live_target
from attncheck.spec.shelf import CONTRACTS
from attncheck.subject.plain import plain_call
from attncheck.subject.prepare import prepare
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_CALLED = "called with "
SORTS = ("macs", "parameters")
"""What the submodules of one parent can be sorted by: the dearest first."""
_ROOM = 60
"""Rows of submodules that a page shows without being asked for more."""
_AFFORDABLE = 2**18
"""Elements of an input that are computed with; of larger ones only the shapes."""


def counted(selections: Iterable[Selection], device: str = "", *, memory: bool = False) -> Report:
    """Return a report of subjects that are counted, and of which no claim is tried.

    Args:
        selections: the subjects; their claims are not looked at.
        device: ``cpu`` or ``meta``; "" takes ``meta`` for inputs that are large.
        memory: of what no spec describes, predict the peak as well.

    Raises:
        DeviceError: the device is not there.
    """
    report = Report(environment=fingerprint(), subjects=[])
    for spec, task in selections:
        job = task.job
        try:
            report.subjects.append(_subject((spec, task), device, memory=memory))
        except SubjectError as error:
            call = "state the call: --input 2x32x7x11"
            report.problems.append(Problem(spec.id, job.name, str(error), job.target, call))
        except AttncheckError as error:
            where = error.where or job.target
            report.problems.append(Problem(spec.id, job.name, error.what, where, error.instead))
    return report


def settled(report: Report) -> bool:
    """Say whether every operator has a price, and no two counters differ."""
    every = [subject.counts or Counts() for subject in report.subjects]
    return not any(counts.unpriced or counts.disagreement for counts in every)


def _subject(selection: Selection, device: str, *, memory: bool) -> SubjectReport:
    spec, task = selection
    job = task.job
    live = job.carried is None and spec.id in CONTRACTS and live_target(job.target) is not None
    if (job.plain or live) and not job.dims:
        return _plain(selection, device, memory=memory)
    large = any(math.prod(parse_input(text).shape) > _AFFORDABLE for text in job.inputs)
    large = large or math.prod(job.dims.values()) > _AFFORDABLE
    chosen = device or ("meta" if large else "cpu")
    check_device("cpu" if chosen == "meta" else chosen)
    subject, failure = prepare(spec.document, request_of(job, device=chosen))
    if failure is not None:
        raise failure
    return _of_a_spec(selection, subject.as_built, chosen)


def _of_a_spec(selection: Selection, subject: Subject, chosen: str) -> SubjectReport:
    spec, task = selection
    trial = Trial(subject, subject.base())
    module, inputs = trial.module(initial=True), trial.inputs()
    both = count_module(trial, module, inputs, twice=chosen != "meta")
    found = _told(both, module, trial.dims, chosen)
    notes = [f"called as {subject.convention.describe()}"]
    if built := subject.binding.describe(subject.dims, subject.told):
        notes.insert(0, f"built as {built}")
    return counted_report(spec, task, subject.dims, found, notes)


def _plain(selection: Selection, device: str, *, memory: bool) -> SubjectReport:
    """Return the counts of a module, or of a part as the whole calls it, that no spec describes."""
    spec, task = selection
    try:
        call, both = plain_call(plain_asked(task.job, device), count_live)
    except TargetError as error:
        suited = None if task.job.inputs else _as_a_family(selection, device or "cpu")
        if suited is None:
            raise error
        return suited
    found = _told(both, call.module, {}, call.device)
    if memory:
        found.costs = Costs(memory=predict_call(call))
    notes = [f"{_CALLED}{', '.join(call.texts)}"]
    if call.built:
        notes.insert(0, f"built as {call.built}")
    return counted_report(spec, task, {}, found, notes)


def _as_a_family(selection: Selection, device: str) -> SubjectReport | None:
    """Return the counts of a module that one of the families' calls suits; None of any other."""
    request = request_of(selection[1].job, device=device)
    for name in CONTRACTS:
        with suppress(AttncheckError):
            subject, failure = prepare(load(name).document, request)
            if failure is None:
                return _of_a_spec(selection, subject.as_built, device)
    return None


def _told(
    both: BothCounts, module: torch.nn.Module, dims: Mapping[str, int], device: str
) -> Counts:
    found = Counts(dims=dict(dims), mode="eval", device=device)
    tell(found, both)
    if not both.asked_twice:
        found.disagreement = ""
    found.written_out = both.tally.hidden.written_out
    found.tree = tree(module, both.tally.innermost)
    return found


def page_of(report: Report, depth: int = 0, sort: str = "") -> Page:
    """Return counts as a page: of each subject totals, the tree, the operators.

    Args:
        report: what was counted.
        depth: of submodules that are shown; 0 for as deep as a screen or two hold.
        sort: one of :data:`SORTS`; "" as they are defined.
    """
    titles = [_title(subject) for subject in report.subjects]
    if len(titles) == 1:
        return Page(titles[0], [*_sections(report.subjects[0], depth, sort)])
    sections = []
    for title, subject in zip(titles, report.subjects, strict=True):
        first, *rest = _sections(subject, depth, sort)
        sections += [Section(title, table=first.table), *rest]
    if len(titles) == 2:
        sections += difference(*report.subjects)
    return Page(f"{plural(len(titles), 'subject')} counted", sections)


def _title(subject: SubjectReport) -> str:
    """Return the subject and its target; a live model is held against nothing."""
    return f"{name_of(subject)} · {subject.target}" if _at(subject) else subject.target


def _at(subject: SubjectReport) -> str:
    """Return the dims of a call in words, "" where it has none."""
    dims = known((subject.counts or Counts()).dims) or {}
    return " ".join(f"{name}={size}" for name, size in dims.items())


def called_with(subject: SubjectReport) -> str:
    """Return the call that no spec describes, as it was stated; "" where one does."""
    notes = (note.removeprefix(_CALLED) for note in subject.notes if note.startswith(_CALLED))
    return next(notes, "")


def _sections(subject: SubjectReport, depth: int, sort: str) -> Iterator[Section]:
    found = subject.counts or Counts()
    totals = [
        ["parameters", _amount(found.parameters)],
        ["MACs", _amount(found.macs)],
        ["element-wise operations", _amount(found.elementwise)],
    ]
    if found.trainable != found.parameters:
        totals.insert(1, ["of them trainable", _amount(found.trainable)])
    yield Section(table=Table(totals))
    whole = known(found.tree)
    shown = [*_walked(whole, depth, sort)] if whole else []
    rows = [
        [f"{'  ' * at}{b.name or b.kind}", b.kind if b.name else "", *_shares(b)] for at, b in shown
    ]
    if whole and len(rows) > 1:
        columns = ["", "class", "parameters", "MACs", "own MACs"]
        left = sum(1 for _ in whole.walk()) - len(rows)
        more = f"{plural(left, 'submodule')} below these: --depth {max(d for d, _ in shown) + 1}"
        yield Section("By submodule", table=Table(rows, columns))
        if left:
            yield Section(paragraphs=[more])
    if by_operator := known(found.by_operator):
        operators = [[name, _amount(macs)] for name, macs in by_operator.items()]
        yield Section("By operator", table=Table(operators))
    if told := [*_to_know(found)]:
        yield Section("To know", told)
    at = _at(subject) or called_with(subject) or "the sizes that were found"
    how = "counted twice, fvcore the second" if known(found.fvcore) is not None else "counted once"
    how = "read off shapes" if found.device == "meta" else how
    yield Section(paragraphs=[f"one call at {at}; one multiply-add = 1 MAC; {how}"])


def _walked(whole: Branch, depth: int, sort: str) -> Iterator[tuple[int, Branch]]:
    """Return the submodules that are shown: without a depth, the deepest of which all find room."""
    deepest = max(at for at, _ in whole.walk())
    most = depth or next(
        (n for n in range(deepest, 1, -1) if sum(1 for _ in whole.walk(0, n)) <= _ROOM), 1
    )
    return whole.walk(0, most, sort)


def difference(one: SubjectReport, other: SubjectReport) -> Iterator[Section]:
    """Yield how the second of two subjects differs from the first: in all, and by submodule."""
    a, b = one.counts or Counts(), other.counts or Counts()
    totals = [
        ["parameters", a.parameters, b.parameters],
        ["MACs", a.macs, b.macs],
        ["element-wise operations", a.elementwise, b.elementwise],
    ]
    columns = ["", one.subject, other.subject, "difference", "ratio"]
    rows = [[str(label), *_apart(x, y)] for label, x, y in totals]
    yield Section("Difference", table=Table(rows, columns))
    parts = [_by_name(known(counts.tree)) for counts in (a, b)]
    names = [*dict.fromkeys([*parts[0], *parts[1]])]
    changed = [
        [name, *_apart(*(part[name].macs if name in part else None for part in parts))]
        for name in names
        if len({part[name].macs if name in part else None for part in parts}) > 1
    ]
    for deep in range(max((name.count(".") for name in names), default=0), -1, -1):
        shown = [row for row in changed if row[0].count(".") <= deep]
        if 0 < len(shown) <= _ROOM and set(parts[0]) & set(parts[1]):
            yield Section("MACs of submodules that differ", table=Table(shown, columns))
            return


def _apart(a: object, b: object) -> list[str]:
    if not (isinstance(a, int | float) and isinstance(b, int | float)):
        return [_amount(a), _amount(b), "–", "–"]
    return [_amount(a), _amount(b), f"{b - a:+,}", f"{b / a:.3g}" if a else "–"]


def _by_name(whole: Branch | None, path: str = "") -> dict[str, Branch]:
    """Return every submodule below by its dotted name."""
    found: dict[str, Branch] = {}
    for branch in whole.below if whole else ():
        name = f"{path}.{branch.name}" if path else branch.name
        found |= {name: branch, **_by_name(branch, name)}
    return found


def _to_know(found: Counts) -> Iterator[str]:
    for group in known(found.tied) or []:
        yield f"the same parameter: {', '.join(group)}"
    if unused := known(found.unused):
        yield f"never used: {', '.join(unused)}"
    if unpriced := known(found.unpriced):
        yield f"no price is known for {', '.join(unpriced)}: MACs leave them out"
    if written_out := known(found.written_out):
        yield (
            f"products that are only summed would be {written_out:,} MACs more, "
            "were they written as matrix products: they stand under element-wise operations"
        )
    if found.disagreement:
        yield f"the counters differ or only one counted: {found.disagreement}"


def _amount(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else "–"


def _shares(branch: Branch) -> list[str]:
    own = f"{branch.own_macs:,}" if branch.below and branch.own_macs else ""
    return [f"{branch.parameters:,}", f"{branch.macs:,}", own]
