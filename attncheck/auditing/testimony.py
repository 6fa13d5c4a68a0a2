"""What a child says of an audit, held against what its job asks.

What the parent knows itself is never taken from a child: ids, command lines, and what the spec
says of a claim.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from attncheck.auditing.job import Job, Opening, name_finding
from attncheck.data.counts import Counts
from attncheck.data.report import Finding, Status, check_finding
from attncheck.execution.limits import Limits, is_out_of_memory
from attncheck.execution.messages import Answered, Counted, Message, Opened, Trying
from attncheck.execution.testimony import UnsoundError, dicts
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim

_SHORT = 300
_LARGEST_DIM = 2**40
_LARGEST_MAP = 2**22
_MOST_PLACES = 100


def sound(message: Message, job: Job, claims: Mapping[str, Claim], limits: Limits) -> Message:
    """Return a message of this job, with what the parent knows better put right.

    Raises:
        UnsoundError: attncheck does not say so.
        msgspec.ValidationError: a part of it is of another type.
    """
    match message:
        case Opened(Opening(dims, notes)):
            _dims(dims)
            return Opened(Opening(dims, notes[:_MOST_PLACES]))
        case Trying(Case(dims=dims)):
            _dims(dims)
        case Answered(step, Finding() as finding):
            if finding.claim != step:
                raise UnsoundError("a finding of another claim than was tried")
            return Answered(step, _finding(finding, job, claims[step], limits))
        case Counted(counts):
            _drawable(counts)
            msgspec.convert(counts, Counts)
    return message


def _finding(said: Finding, job: Job, claim: Claim, limits: Limits) -> Finding:
    """Return a finding of which only the answer and what shows it are the child's."""
    check_finding(said)
    _drawable(said.evidence)
    if said.witness is not None:
        _drawable(said.witness.case)
        _dims(msgspec.convert(said.witness.case, Case).dims)
        if len(said.witness.shape) > _MOST_PLACES:
            raise UnsoundError("a witness of too many axes")
    finding = msgspec.structs.replace(
        said,
        kind=claim.kind or said.kind[:_SHORT],
        related=said.related[:_MOST_PLACES],
        reproduce="",
        id="",
        advice=claim.advice,
        required=claim.required,
        limit=claim.limit,
        source=claim.why if said.source else "",
    )
    if finding.status is Status.VIOLATED:
        name_finding(job, finding)
    return _mention_memory(finding, limits)


def _dims(dims: Mapping[str, int]) -> None:
    if len(dims) > _MOST_PLACES or any(not 0 <= size <= _LARGEST_DIM for size in dims.values()):
        raise UnsoundError("dims that no tensor has")


def _drawable(data: Mapping[str, Any]) -> None:
    """A map is drawn cell by cell, so its size is that of what a page can hold."""
    for one in dicts(data):
        size, cells = one.get("size"), 1
        for side in size if isinstance(size, list) else []:
            cells *= max(side, 1) if isinstance(side, int) else 1
        if cells > _LARGEST_MAP:
            raise UnsoundError("a map too large to be drawn")


def _mention_memory(finding: Finding, limits: Limits) -> Finding:
    """Name the limit in a finding that ran into it; attncheck's own hunger accuses nobody."""
    if is_out_of_memory(finding.message):
        finding.message += f" (the memory limit is {limits.memory})"
        if finding.status is Status.ERROR:
            finding.status = Status.UNDECIDED
    return finding
