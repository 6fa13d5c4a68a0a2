"""Python literals from a command line, and their way through JSON unchanged."""

from __future__ import annotations

import ast
import cmath
import re
from typing import Any

from attncheck.errors import UsageError

_TAG = "python literal"
_LONGEST, _DEEPEST, _SHOWN = 10_000, 50, 40
_LARGEST = 2**63
"""Whole numbers of JSON end here; larger ones travel as text."""


def parse_literal(text: str) -> Any:
    """Return the value of a Python literal; a bare word is a string (or a formula over dims).

    ``true`` and ``false`` are what they look like; quote them (``'"true"'``) for the strings.

    Raises:
        UsageError: it is too long or too deep, or a number in it is no ordinary one.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"a value of {len(text)} signs", instead=f"write at most {_LONGEST}")
    try:
        value = ast.literal_eval(text.strip())
        _check(value)
        return value
    except (MemoryError, RecursionError):
        raise UsageError(f"'{text[:_SHOWN]}…' is nested too deep") from None
    except TypeError as error:  # a list as a key
        raise UsageError(f"'{text[:_SHOWN]}' is no value: {error}") from None
    except (ValueError, SyntaxError) as error:
        # Neither a bare word nor a formula begins so, or is so deep or long.
        if text.lstrip()[:1] in ("[", "{") or re.search("too many|Exceeds", str(error)):
            raise UsageError(
                f"'{text[:_SHOWN]}' is no value", instead="quote what is meant as a text"
            ) from None
        return {"true": True, "false": False}.get(text.strip(), text)


def to_json(value: Any) -> Any:
    """Return a JSON value that :func:`from_json` turns back; a tuple stays a tuple."""
    if value is None or isinstance(value, (bool, float, str)):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST:
        return value
    if isinstance(value, list) and all(to_json(entry) == entry for entry in value):
        return value
    return {_TAG: repr(value)}


def is_literal(value: Any) -> bool:
    """Say whether a value can be written as a literal, so that JSON can hold it."""
    if isinstance(value, str):
        return True
    try:
        found = parse_literal(repr(value))
    except UsageError:
        return False
    return type(found) is type(value) and bool(found == value)


def from_json(value: Any) -> Any:
    """Return the value that :func:`to_json` wrote.

    Raises:
        UsageError: it wrote no such thing.
    """
    if isinstance(value, dict) and set(value) == {_TAG}:
        text = value[_TAG]
        found = parse_literal(text) if isinstance(text, str) else text
        if isinstance(found, str):  # those travel as they are
            raise UsageError(f"{str(text)[:_SHOWN]!r} is no {_TAG}")
        return found
    return value


def _check(value: object, depth: int = 1) -> None:
    """Refuse what does not come through JSON and back, or what is nested without end."""
    if depth > _DEEPEST:
        raise RecursionError
    if value is ...:
        raise UsageError("'...' is no value", instead="write the value itself")
    large = isinstance(value, int) and abs(value) >= 2**1024
    if large or (isinstance(value, (float, complex)) and not cmath.isfinite(value)):
        raise UsageError("a number is too large to be written")
    if isinstance(value, str) and not _is_text(value):
        raise UsageError("a text holds half a sign, which is no UTF-8")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple, set)):
        for inner in value:
            _check(inner, depth + 1)


def _is_text(value: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in value)
