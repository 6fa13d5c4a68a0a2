"""Read a TOML file that a person names: its tables and its text, or what is wrong on which line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from attncheck.data.text_file import read_text
from attncheck.errors import AttncheckError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MOST_BYTES = 2**18
_LARGEST = 2**63
_DEEPEST = 32
"""Tables in tables; ours are five deep."""
_LONG_KEY = re.compile(
    rf"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{_DEEPEST}}}"""
)
"""Python's reader takes time with the square of a dotted key's length."""


def read_toml(path: Path, error: type[AttncheckError] = UsageError) -> tuple[dict[str, Any], str]:
    """Return what a file says, and its text.

    Raises:
        error: it cannot be read, is not TOML, or is nested too deep.
    """
    text = read_text(path, error, most=_MOST_BYTES)
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise error(f"a key of more than {_DEEPEST} parts", where=f"{path}:{line}")
    try:
        said: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        at = re.search(r"at line (\d+)", str(failure))
        where = f"{path}:{at.group(1)}" if at else str(path)
        raise error(f"not TOML: {failure}", where=where) from None
    except ValueError as failure:  # a number of thousands of digits, a 31st of February
        raise error(f"not TOML: {failure}", where=str(path)) from None
    except RecursionError:
        raise error("nested too deep", where=str(path)) from None
    if wrong := _beyond(said):
        raise error(wrong, where=str(path))
    return said, text


def _beyond(said: object) -> str:
    """Return which limit the content does not keep to, "" where it keeps to all."""
    depth, level = 0, [said]
    while level:
        depth += 1
        if depth > _DEEPEST:
            return "nested too deep"
        inner: list[object] = []
        for node in level:
            if isinstance(node, dict):
                inner += node.values()
            elif isinstance(node, list):
                inner += node
        if any(isinstance(value, int) and not -_LARGEST <= value < _LARGEST for value in inner):
            return "a number beyond 64 bits, which no TOML has"
        level = [value for value in inner if isinstance(value, (dict, list))]
    return ""
