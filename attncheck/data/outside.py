"""JSON from outside, before anything believes it: bounded, and its text harmless."""

from __future__ import annotations

from typing import Any

import msgspec

from attncheck.data.harmless import harmless, one_line

DEEPEST = 64
"""Brackets within brackets; our own reports have ten."""

_LARGEST = 2**63
_SEVERAL_LINES = frozenset(
    (
        *("message", "what", "instead", "expected", "seen", "note", "notes"),
        *("why", "error", "warning", "traceback"),
    )
)


def decode_plain(data: bytes) -> Any:
    """Return the value of JSON whose text is harmless; sound JSON of ours comes back unchanged.

    Raises:
        msgspec.DecodeError: it is no JSON.
        msgspec.ValidationError: it is nested too deeply, or has a number beyond 64 bits.
    """
    return plain(decode_raw(data))


def decode_raw(data: bytes) -> Any:
    """Return the value of JSON as it stands.

    Raises:
        msgspec.DecodeError: it is no JSON.
        msgspec.ValidationError: it is nested too deeply, or has a number that no float holds.
    """
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise msgspec.ValidationError("brackets are nested too deeply") from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"it is no UTF-8: {error.reason}") from None


def plain(value: Any, depth: int = 0, *, lines: bool = False) -> Any:
    """Return a decoded value with harmless text; ``lines`` says that a text may have several.

    Raises:
        msgspec.ValidationError: it is nested too deeply, or has a number beyond 64 bits.
    """
    if isinstance(value, str):
        return harmless(value) if lines else one_line(value)
    if isinstance(value, (dict, list)) and depth >= DEEPEST:
        raise msgspec.ValidationError("brackets are nested too deeply")
    if isinstance(value, dict):
        return {
            one_line(key): plain(one, depth + 1, lines=key in _SEVERAL_LINES)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [plain(one, depth + 1, lines=lines) for one in value]
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise msgspec.ValidationError("a number is larger than any count")
    return value
