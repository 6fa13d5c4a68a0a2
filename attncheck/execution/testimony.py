"""What a child says, held against what it was asked: as strictly as a file from a stranger.

The seal shows that a line comes from attncheck's own code in the child, not that this code was
left alone. So types, sizes and names are checked here, and what they say by the task itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from attncheck.errors import AttncheckError
from attncheck.execution.files_read import MOST
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message, Reached, Read, Refused, Started, decode
from attncheck.execution.task import AnyTask

PHASES = ("import", "constructor", "forward", "backward")
_DEEPEST, _MOST = 26, 500_000
_MOST_LINES = 40


class UnsoundError(AttncheckError):
    """A message that attncheck does not send, or not as an answer to this question."""


def heard(line: bytes, task: AnyTask, steps: Collection[str], limits: Limits) -> Message:
    """Return the message of a line, with what the parent knows better put right.

    Args:
        line: JSON, its seal taken off.
        task: whose question the child was asked.
        steps: what of it this child was asked.
        limits: what the child may use.

    Raises:
        UnsoundError: it is no message, or not one of this task.
    """
    try:
        data = decode(line)
        for _ in dicts(data):
            pass
        tag = str(data.get("type")) if isinstance(data, dict) else ""
        if (kind := task.messages().get(tag)) is None:
            raise UnsoundError(f"no message: {tag[:60]!r}")
        message: Message = msgspec.convert(data, kind)
        return task.sound(_known(message, steps), limits)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UnsoundError(f"no message: {error}") from None


def _known(message: Message, steps: Collection[str]) -> Message:
    """Return a message that speaks of what was asked."""
    match message:
        case Reached(phase) if phase not in PHASES:
            raise UnsoundError(f"a phase that there is not: {phase[:60]!r}")
        case Started(step) | Answered(step) if step not in steps:
            raise UnsoundError(f"a step that was not asked for: {step[:60]!r}")
        case Read(files) if len(files) > MOST:
            raise UnsoundError("more files than any subject reads")
        case Refused(traceback=traceback):
            return msgspec.structs.replace(message, traceback=traceback[-_MOST_LINES:])
    return message


def dicts(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every dictionary in plain data.

    Raises:
        UnsoundError: the data is too deep, or too much.
    """
    left = _MOST
    waiting: list[tuple[Any, int]] = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < 0 or depth > _DEEPEST:
            raise UnsoundError("an answer too large or too deep")
        if isinstance(value, dict):
            yield value
            waiting += [(one, depth + 1) for one in value.values()]
        elif isinstance(value, list):
            waiting += [(one, depth + 1) for one in value]
