"""What one call of a subject costs, at any size, by operator and by submodule."""

from __future__ import annotations

import math

import msgspec

from attncheck.auditing.job import Job
from attncheck.auditing.things import request_of
from attncheck.catalogue import load
from attncheck.data.page import Page, Section, Table
from attncheck.devices import check_device
from attncheck.instruments.counting.count import BothCounts, count_module
from attncheck.instruments.counting.tree import Branch, tree
from attncheck.signature.inputs import parse_input
from attncheck.subject.prepare import prepare
from attncheck.subject.trial import Trial

_AFFORDABLE = 2**18
"""Elements of an input that are computed with; of larger ones only the shapes."""


class Account(msgspec.Struct, frozen=True):
    """What one call costs.

    Attributes:
        subject: ``spec@name``.
        target: the class.
        dims: the sizes of the call.
        device: ``cpu``, or ``meta`` where only shapes were computed.
        parameters, trainable: elements, each parameter once.
        tied: groups of names of one parameter.
        unused: parameters that no output came from; None where that is not known.
        macs: multiply-accumulates of the whole batch.
        elementwise: element-wise operations.
        by_operator: operator -> MACs, dearest first.
        unpriced: operators without a price.
        written_out: MACs of contractions written as a product and its sum, which ``macs`` leaves
            out: they are element-wise operations.
        second: fvcore's count; None where it was not asked or cannot count.
        disagreement: how the counters differ; "" where they agree.
        tree: by submodule.
    """

    subject: str
    target: str
    dims: dict[str, int]
    device: str
    parameters: int
    trainable: int
    tied: list[list[str]]
    unused: list[str] | None
    macs: int
    elementwise: int
    by_operator: dict[str, int]
    unpriced: list[str]
    written_out: int
    second: int | None
    disagreement: str
    tree: Branch


def account(job: Job, device: str = "") -> Account:
    """Count one subject.

    Args:
        job: the subject; its claims are not looked at.
        device: ``cpu`` or ``meta``; "" takes ``meta`` for inputs that are large.

    Raises:
        SpecError, TargetError, DeviceError: it cannot be imported or bound.
        SubjectError: it cannot be built or called.
    """
    large = any(math.prod(parse_input(text).shape) > _AFFORDABLE for text in job.inputs)
    large = large or math.prod(job.dims.values()) > _AFFORDABLE
    chosen = device or ("meta" if large else "cpu")
    check_device("cpu" if chosen == "meta" else chosen)
    subject, failure = prepare(load(job.spec).document, request_of(job, device=chosen))
    if failure is not None:
        raise failure
    trial = Trial(subject, subject.base())
    module, inputs = trial.module(initial=True), trial.inputs()
    counted = count_module(trial, module, inputs, twice=chosen != "meta")
    return _told(job, counted, tree(module, counted.tally.innermost), trial.dims, chosen)


def _told(
    job: Job, counted: BothCounts, by_module: Branch, dims: dict[str, int], on: str
) -> Account:
    parameters, tally = counted.parameters, counted.tally
    return Account(
        subject=f"{job.spec}@{job.name}",
        target=job.target,
        dims=dims,
        device=on,
        parameters=parameters.total,
        trainable=parameters.trainable,
        tied=parameters.tied,
        unused=counted.unused,
        macs=tally.macs,
        elementwise=tally.other_ops,
        by_operator=dict(tally.by_operator.most_common()),
        unpriced=sorted(tally.unpriced),
        written_out=tally.hidden.written_out,
        second=counted.second.macs,
        disagreement="" if on == "meta" else counted.disagreement,
        tree=by_module,
    )


def page_of(found: Account) -> Page:
    """Return the account as a page: totals, the tree, the operators."""
    totals = [
        ["parameters", f"{found.parameters:,}"],
        ["MACs", f"{found.macs:,}"],
        ["element-wise operations", f"{found.elementwise:,}"],
    ]
    if found.trainable != found.parameters:
        totals.insert(1, ["of them trainable", f"{found.trainable:,}"])
    sections = [Section(table=Table(totals))]
    rows = [
        [f"{'  ' * depth}{b.name or b.kind}", b.kind if b.name else "", *_shares(b)]
        for depth, b in found.tree.walk()
    ]
    if len(rows) > 1:
        columns = ["", "class", "parameters", "MACs", "own MACs"]
        sections.append(Section("By submodule", table=Table(rows, columns)))
    if found.by_operator:
        operators = [[name, f"{macs:,}"] for name, macs in found.by_operator.items()]
        sections.append(Section("By operator", table=Table(operators)))
    told = [f"the same parameter: {', '.join(group)}" for group in found.tied]
    if found.unused:
        told.append(f"never used: {', '.join(found.unused)}")
    if found.unpriced:
        told.append(f"no price is known for {', '.join(found.unpriced)}: MACs leave them out")
    if found.written_out:
        told.append(
            f"products that are only summed would be {found.written_out:,} MACs more, "
            "were they written as matrix products: they stand under element-wise operations"
        )
    if found.disagreement:
        told.append(f"the counters differ or only one counted: {found.disagreement}")
    if told:
        sections.append(Section("To know", told))
    at = " ".join(f"{name}={size}" for name, size in found.dims.items())
    how = "read off shapes" if found.device == "meta" else "counted twice, fvcore the second"
    sections.append(Section(paragraphs=[f"one call at {at}; one multiply-add = 1 MAC; {how}"]))
    return Page(f"{found.subject} · {found.target}", sections)


def _shares(branch: Branch) -> list[str]:
    own = f"{branch.own_macs:,}" if branch.below and branch.own_macs else ""
    return [f"{branch.parameters:,}", f"{branch.macs:,}", own]
