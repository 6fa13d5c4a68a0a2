"""Where a key stands in a TOML file, so that an error can name the line."""

from __future__ import annotations

import re

_TABLE = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def line_of(text: str, path: list[str]) -> int:
    """Return the 1-based line of the key at ``path``, or of its nearest parent that is there.

    Keys inside inline tables have no line of their own: their table's line is returned.
    """
    best, depth = 1, 0
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLE.match(line):
            table = here = _parts(match.group(1))
        elif match := _KEY.match(line):
            here = table + _parts(match.group(1))
        else:
            continue
        common = 0
        while common < min(len(here), len(path)) and here[common] == path[common]:
            common += 1
        if common == len(here) and common > depth:
            best, depth = number, common
    return best
