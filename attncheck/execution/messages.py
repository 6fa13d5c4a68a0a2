"""What a child process tells its parent while it works on one question: one JSON line each.

What a message carries is of the types that the work names; execution only passes it on.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from attncheck.data.outside import decode_raw, plain

T = TypeVar("T")


class Reached(msgspec.Struct, frozen=True, tag="reached"):
    """The subject is about to be imported, constructed or called for the first time."""

    phase: str


class Opened(msgspec.Struct, Generic[T], frozen=True, tag="opened"):
    """The work can begin: ``about`` is what is known by now, None where that is nothing."""

    about: T


class Started(msgspec.Struct, frozen=True, tag="started"):
    """A step is about to be tried."""

    step: str


class Trying(msgspec.Struct, Generic[T], frozen=True, tag="trying"):
    """The step that was started is about to be tried on this case."""

    case: T


class Answered(msgspec.Struct, Generic[T], frozen=True, tag="answered"):
    """A step is done."""

    step: str
    answer: T


class Counted(msgspec.Struct, Generic[T], frozen=True, tag="counted"):
    """What belongs to no step, at the end."""

    counts: T


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Which files were read so far on behalf of the subject; see :mod:`.files_read`."""

    files: list[str]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Nothing can be said of the subject: it is not there, or attncheck itself broke."""

    kind: str
    what: str
    where: str = ""
    instead: str = ""
    traceback: list[str] = []


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Everything that was asked is said."""


_Carrying = Opened[Any] | Trying[Any] | Answered[Any] | Counted[Any]
Message = _Carrying | Reached | Started | Read | Refused | Done

_ENCODER = msgspec.json.Encoder()


def messages_of(opens: Any, tries: Any, answers: Any, counts: Any) -> dict[str, Any]:
    """Return tag -> type for all messages of a work that speaks of such types.

    One by one: msgspec looks through a union anew for every message.
    """
    plain_ones = (Reached, Started, Read, Refused, Done)
    tagged = {str(one.__struct_config__.tag): one for one in plain_ones}
    return tagged | {
        "opened": Opened[opens],
        "trying": Trying[tries],
        "answered": Answered[answers],
        "counted": Counted[counts],
    }


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


def decode(line: bytes) -> Any:
    """Return the plain data of one line, its text harmless: the subject may have written it.

    Raises:
        msgspec.MsgspecError: the line is no JSON.
    """
    return plain(decode_raw(line))
