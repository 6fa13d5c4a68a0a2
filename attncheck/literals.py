"""Python literals from a command line, and their way through JSON unchanged."""

from __future__ import annotations

import ast
from typing import Any

_TAG = "python literal"


def parse_literal(text: str) -> Any:
    """Return the value of a Python literal; a bare word is a string (or a formula over dims).

    ``true`` and ``false`` are what they look like; quote them (``'"true"'``) for the strings.
    """
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {"true": True, "false": False}.get(text.strip(), text)


def to_json(value: Any) -> Any:
    """Return a JSON value that :func:`from_json` turns back; a tuple stays a tuple."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list) and all(to_json(entry) == entry for entry in value):
        return value
    return {_TAG: repr(value)}


def from_json(value: Any) -> Any:
    """Return the value that :func:`to_json` wrote."""
    if isinstance(value, dict) and set(value) == {_TAG}:
        return ast.literal_eval(value[_TAG])
    return value
