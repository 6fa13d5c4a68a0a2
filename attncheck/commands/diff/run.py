"""Hold two versions against each other: live models, or places of classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import msgspec
from msgspec import UnsetType

from attncheck.auditing.request import Asked
from attncheck.commands.diff.attention import attentions, changes_of, target_in, worse
from attncheck.commands.diff.costs import costs_of, outputs_of, parts_of
from attncheck.commands.diff.keys import changed_state, paired
from attncheck.commands.diff.measure import CALL, STATE, ModelMeasured, measure_of
from attncheck.commands.diff.names import later_names
from attncheck.commands.diff.revision import Laid, laid_out, version_of
from attncheck.commands.scan.run import Auditor, scan
from attncheck.data.changes import Attention, Changes, VersionSide
from attncheck.errors import TargetError, UsageError
from attncheck.execution.limits import Limits
from attncheck.execution.scheduling import run_all
from attncheck.signature.live_target import live_target

_LONGEST = 300


@dataclass
class _Found:
    """What is known of one side."""

    side: VersionSide
    measured: ModelMeasured = field(default_factory=ModelMeasured)
    attentions: dict[str, Attention] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    partial: bool = False


def diff(
    before: str,
    after: str,
    asked: Asked,
    audit: Auditor,
    limits: Limits,
    workers: int = 0,
    *,
    strict: bool = False,
) -> Changes:
    """Return what became of the one in the other.

    Args:
        before, after: live models, or files, folders, packages; each as it is, or ``@revision``.
        asked: the options of every audit; its inputs are the whole call of both models.
        audit: audits what is selected.
        limits: what each child may use.
        workers: how many run at once; 0 for one per core.
        strict: whether variants, and keys that no longer load, are worse too.

    Raises:
        UsageError: a place or a revision is not there, or one is a live model and the other none.
        TargetError: a model cannot be built, so that nothing is known of it.
    """
    versions = [version_of(before), version_of(after)]
    live = [live_target(version.place) is not None for version in versions]
    if live[0] is not live[1]:
        raise UsageError(
            "a live model is held against a live model, and classes against classes",
            instead="write what builds both, 'net.py:Net()', or a file or folder twice",
        )
    if asked.inputs and not live[0]:
        raise UsageError(
            "--input is the call of live models, and none is named",
            instead="name what builds both: 'net.py:Net()'",
        )
    sides = [_Found(VersionSide(v.text, v.commit, list(asked.inputs))) for v in versions]
    with ExitStack() as stack:
        laid = [stack.enter_context(laid_out(version)) for version in versions]
        if live[0]:
            _measure(laid, sides, asked, limits)
        for one, side in zip(laid, sides, strict=True):
            _look(one, side, asked, audit, limits, workers)
        found = _changes(*sides)
        if not live[0] and not found.partial:
            _keys_of_classes(found, laid, sides, limits, workers)
    found.worse = list(_worse(found, strict=strict))
    return found


def _measure(laid: Sequence[Laid], sides: Sequence[_Found], asked: Asked, limits: Limits) -> None:
    """Measure both models with one call: the one that is stated, else one that works on either."""
    stated = list(asked.inputs)
    first = _measured(laid[0], stated, limits)
    second = _measured(laid[1], stated or first.inputs, limits)
    if not stated and second.failed:
        second = _called_otherwise(second, _measured(laid[1], [], limits))
    if not stated and first.failed and not second.failed:
        first = _measured(laid[0], second.inputs, limits)  # to see where it breaks
    for side, measured in zip(sides, (first, second), strict=True):
        side.measured = measured
        side.side.inputs, side.side.problem = list(measured.inputs), measured.failed


def _called_otherwise(broken: ModelMeasured, other: ModelMeasured) -> ModelMeasured:
    """Return what a call of its own shows, and where the earlier version's call breaks."""
    return broken if other.failed else msgspec.structs.replace(other, breaks=broken.breaks)


def _measured(laid: Laid, inputs: Sequence[str], limits: Limits) -> ModelMeasured:
    """Return what both steps say of a model.

    Raises:
        TargetError: it cannot be built.
        KeyboardInterrupt: somebody stopped the work.
    """
    with laid.inside() as place:
        (result,), interrupted = run_all([measure_of(place, inputs)], limits, 1)
        answers = {step: laid.told(answer) for step, answer in result.answers.items()}
    if interrupted:
        raise KeyboardInterrupt
    held, call = answers.get(STATE), answers.get(CALL)
    if held is None or held.failed:
        refused = result.refused
        what = refused.what if refused else held.failed if held else "not known"
        instead = refused.instead if refused else ""
        raise TargetError(what, where=laid.version.text, instead=instead)
    if call is None:
        call = ModelMeasured(failed=result.refused.what if result.refused else "not called")
    if not call.failed:
        return call
    return msgspec.structs.replace(
        held, inputs=call.inputs, breaks=call.breaks, failed=call.failed[:_LONGEST]
    )


def _look(
    laid: Laid, side: _Found, asked: Asked, audit: Auditor, limits: Limits, workers: int
) -> None:
    """Find and audit the attention of one side; a model that cannot be called has none to see."""
    if side.measured.failed:
        return
    asked = replace(asked, inputs=side.side.inputs)
    with laid.inside() as place:
        report = scan([place], asked, audit, limits, workers)
        if isinstance(report.scan, UnsetType):
            return
        found = attentions(report, report.scan, place, side.measured.made)
        side.targets = {target_in(one.target, place): one.target for one in report.scan.groups}
        side.attentions = {name: laid.told(one) for name, one in found.items()}
    side.partial = report.partial
    unread = report.scan.unread
    if unread and not (report.scan.files or report.scan.models):
        side.side.problem = unread[0].what


def _changes(before: _Found, after: _Found) -> Changes:
    found = Changes(
        before=before.side,
        after=after.side,
        partial=before.partial or after.partial,
    )
    one, other = before.measured, after.measured
    now: Callable[[str], str] = str
    if one.made and other.made:
        kinds = [{name: made[0] for name, made in side.made.items()} for side in (one, other)]
        owners = paired(one.state, other.state, (kinds[0], kinds[1]))
        now = later_names(owners)
        found.costs = costs_of(one, other)
        found.unpriced = sorted({*one.unpriced, *other.unpriced})
        found.parts = parts_of(one, other, now)
        found.outputs = outputs_of(one, other, now)
        found.state = changed_state(one.state, other.state, owners)
        breaks = {"before": one.breaks, "after": other.breaks}
        found.broken = {name: known for name, known in breaks.items() if known}
    elif len(before.attentions) == len(after.attentions) == 1:
        (only,) = after.attentions  # two classes that were named
        now = dict.fromkeys(before.attentions, only).__getitem__
    if not (before.side.problem or after.side.problem):
        found.attention = changes_of(before.attentions, after.attentions, now)
    return found


def _keys_of_classes(
    found: Changes,
    laid: Sequence[Laid],
    sides: Sequence[_Found],
    limits: Limits,
    workers: int,
) -> None:
    """Say of classes that are others now what becomes of their keys."""
    pairs = [
        (one, one.before, one.after)
        for one in found.attention
        if one.before and one.after and one.kind != "same"
        if one.before.mechanism and one.after.mechanism
    ]
    states: list[list[ModelMeasured | None]] = []
    for at, (where, side) in enumerate(zip(laid, sides, strict=True)):
        with where.inside():
            tasks = [
                measure_of(side.targets[pair[at].place], [], pair[at].mechanism)
                for _, *pair in pairs
            ]
            results, _ = run_all(tasks, limits, workers) if tasks else ([], False)
        states.append([result.answers.get(STATE) for result in results])
    for (one, *_), before, after in zip(pairs, *states, strict=True):
        if before and after and before.state and after.state:
            owners = paired(before.state, after.state)
            one.state = changed_state(before.state, after.state, owners)


def _worse(found: Changes, *, strict: bool) -> Iterator[str]:
    yield from worse(found.attention, strict=strict)
    broken = found.broken.get("after", [])
    if broken and "before" not in found.broken:
        first = broken[0]
        where = f"{first.layer}, {first.name}," if first.layer else first.name
        yield f"called with {', '.join(found.before.inputs)} it breaks: {where} {first.what}"
    elif found.after.problem and not found.before.problem:
        yield f"it can no longer be called: {found.after.problem}"
    states = [found.state, *(one.state for one in found.attention)] if strict else []
    for state in states:
        if state is not None and state.kept < state.keys:
            left = state.keys - state.kept
            yield f"{left} keys of the earlier checkpoint no longer load as they are"
