"""What a child says, held against what it was asked: as strictly as a file from a stranger.

The seal shows that a line comes from attncheck's own code in the child, not that this code was
left alone. So types, sizes and names are checked here, and what the parent knows itself is never
taken from a child: ids, command lines, and what the spec says of a claim.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from attncheck.data.counts import Counts
from attncheck.data.report import Finding, Location, Status
from attncheck.errors import AttncheckError
from attncheck.execution.job import Job, name_finding
from attncheck.execution.messages import (
    Counted,
    Found,
    Message,
    Opened,
    Reached,
    Refused,
    Started,
    Trying,
    decode,
)
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim

PHASES = ("import", "constructor", "forward", "backward")
_LONG, _SHORT = 4000, 300
_DEEPEST, _MOST = 24, 500_000
_LARGEST = 2**63
_LARGEST_DIM = 2**40
_LARGEST_MAP = 2**22
_LAST_LINE = 10**7
_LONGEST_PATH = 4096
_MOST_PLACES = 100


class UnsoundError(AttncheckError):
    """A message that attncheck does not send, or not of this job."""


def heard(line: bytes, job: Job, claims: Mapping[str, Claim]) -> Message:
    """Return the message of a line, with what the parent knows better put right.

    Args:
        line: JSON, its seal taken off.
        job: what the child was asked.
        claims: the claims of its names.

    Raises:
        UnsoundError: it is no message, or not one of this job.
    """
    try:
        return _checked(decode(line), job, claims)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UnsoundError(f"no message: {error}") from None


def _checked(message: Message, job: Job, claims: Mapping[str, Claim]) -> Message:
    match message:
        case Reached(phase):
            _known(phase, PHASES, "phase")
        case Opened(dims, notes):
            _dims(dims)
            return Opened(dims, [_cut(note, _LONG) for note in notes[:_MOST_PLACES]])
        case Started(claim):
            _known(claim, job.claims, "claim")
        case Trying(case):
            _dims(case.dims)
        case Found(finding):
            _known(finding.claim, job.claims, "claim")
            return Found(_finding(finding, job, claims[finding.claim]))
        case Counted(counts):
            _bounded(counts)
            msgspec.convert(counts, Counts)
        case Refused(kind, what, where, instead, traceback):
            lines = [_cut(line, _LONG) for line in traceback[-40:]]
            kind, what, where, instead = (_cut(t, _LONG) for t in (kind, what, where, instead))
            return Refused(kind, what, where, instead, lines)
    return message


def _finding(said: Finding, job: Job, claim: Claim) -> Finding:
    """Return a finding of which only the answer and what shows it are the child's."""
    _bounded(said.evidence)
    if said.witness is not None:
        _bounded(said.witness.case)
        _dims(msgspec.convert(said.witness.case, Case).dims)
        if len(said.witness.shape) > _MOST_PLACES:
            raise UnsoundError("a witness of too many axes")
    for place in (said.location, *said.related[:_MOST_PLACES]):
        _place(place)
    finding = msgspec.structs.replace(
        said,
        kind=claim.kind or _cut(said.kind, _SHORT),
        message=_cut(said.message, _LONG),
        expected=_cut(said.expected, _LONG),
        seen=_cut(said.seen, _LONG),
        related=said.related[:_MOST_PLACES],
        reproduce="",
        id="",
        advice=claim.advice,
        required=claim.required,
        source=claim.why if said.source else "",
    )
    if finding.status is Status.VIOLATED:
        name_finding(job, finding)
    return finding


def _place(place: Location | None) -> None:
    if place is None:
        return
    if not 0 <= place.line <= _LAST_LINE or not 0 <= place.end_line <= _LAST_LINE:
        raise UnsoundError("a line that no file has")
    if len(place.path) > _LONGEST_PATH or "\0" in place.path or len(place.note) > _LONG:
        raise UnsoundError("a place that is none")


def _dims(dims: Mapping[str, int]) -> None:
    if len(dims) > _MOST_PLACES or any(not 0 <= size <= _LARGEST_DIM for size in dims.values()):
        raise UnsoundError("dims that no tensor has")


def _known(name: str, names: Collection[str], what: str) -> None:
    if name not in names:
        raise UnsoundError(f"a {what} that was not asked for: {_cut(name, 60)!r}")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _bounded(data: Mapping[str, Any]) -> None:
    """Raise UnsoundError where data is too deep, too much, or asks for too much to be drawn."""
    left = _MOST
    waiting: list[tuple[Any, int]] = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < 0 or depth > _DEEPEST:
            raise UnsoundError("evidence too large or too deep")
        if isinstance(value, dict):
            _drawable(value.get("size"))
            waiting += [(one, depth + 1) for one in value.values()]
        elif isinstance(value, list):
            waiting += [(one, depth + 1) for one in value]
        elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
            raise UnsoundError("a number of more than 64 bits")


def _drawable(size: object) -> None:
    """A map is drawn cell by cell, so its size is that of what a page can hold."""
    if not isinstance(size, list):
        return
    cells = 1
    for side in size:
        cells *= max(side, 1) if isinstance(side, int) else 1
    if cells > _LARGEST_MAP:
        raise UnsoundError("a map too large to be drawn")
