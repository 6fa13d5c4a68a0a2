"""What a child process tells its parent while it audits one subject: one JSON line each."""

from __future__ import annotations

from typing import Any

import msgspec

from attncheck.data.outside import decode_raw, plain
from attncheck.data.report import Finding, check_finding
from attncheck.subject.case import Case


class Reached(msgspec.Struct, frozen=True, tag="reached"):
    """The subject is about to be imported, constructed or called for the first time."""

    phase: str


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The subject is imported, bound and called; its claims come next."""

    dims: dict[str, int]
    notes: list[str] = []


class Started(msgspec.Struct, frozen=True, tag="started"):
    """A claim is about to be tried."""

    claim: str


class Trying(msgspec.Struct, frozen=True, tag="trying"):
    """The claim that was started is about to be tried on this case."""

    case: Case


class Found(msgspec.Struct, frozen=True, tag="found"):
    """A claim is decided."""

    finding: Finding


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """The subject's parameters and multiply-accumulates."""

    counts: dict[str, Any]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Nothing can be said of the subject: it is not there, or attncheck itself broke."""

    kind: str
    what: str
    where: str = ""
    instead: str = ""
    traceback: list[str] = []


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Everything that was asked is said."""


Message = Reached | Opened | Started | Trying | Found | Counted | Refused | Done

_MESSAGE: Any = Message
_ENCODER = msgspec.json.Encoder()


def encode(message: Message) -> bytes:
    """Return the message as one line of JSON; half of a surrogate pair becomes ``\\udc80``."""
    try:
        return _ENCODER.encode(message) + b"\n"
    except UnicodeEncodeError:
        return _ENCODER.encode(_written(msgspec.to_builtins(message))) + b"\n"


def _written(value: Any) -> Any:
    """Return plain data with every text such that UTF-8 can hold it."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_written(key): _written(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_written(one) for one in value]
    return value


def decode(line: bytes) -> Message:
    """Return the message of one line, its text harmless: the subject may have written it.

    Raises:
        msgspec.MsgspecError: the line is none.
    """
    message: Message = msgspec.convert(plain(decode_raw(line)), _MESSAGE)
    if isinstance(message, Found):
        check_finding(message.finding)
    return message
