"""What is wrong with a claim, in words that are the same on every run and machine."""

from __future__ import annotations

import json
import math
import re
from itertools import zip_longest

from attncheck.data.report import Finding

_MOST = 600
_TOLERANCE = 0.1
_NOTHING = 1e-6
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_CHANGING = (
    (re.compile(r"0x[0-9a-fA-F]{4,}"), "0x…"),
    (re.compile(r"\blines? \d+(?:(?: to |-|–)\d+)?"), "line …"),
    (re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:)?[/\\](?:[^\s'\"/\\:]+[/\\])+"), ""),
)
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def mistake(finding: Finding) -> str:
    """Return what a reviewer accepts: what was seen, or why it could not be decided.

    Addresses, line numbers and folders are left out.
    """
    text = _SPACE.sub(" ", (finding.message or finding.seen)[: 10 * _MOST]).strip()
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    text = text or finding.status.value
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"


def alike(accepted: str, seen: str) -> bool:
    """Say whether two texts tell of one mistake.

    Words and whole numbers are equal; numbers that were measured differ by a tenth at most, or
    are both nothing but rounding.
    """
    pairs = zip_longest(_NUMBER.split(accepted), _NUMBER.split(seen))
    return all(one == other or _near(one, other) for one, other in pairs)


def _near(one: str | None, other: str | None) -> bool:
    if one is None or other is None or not (_is_measured(one) or _is_measured(other)):
        return False
    try:
        a, b = float(one.replace(",", "")), float(other.replace(",", ""))
    except ValueError:
        return False
    return max(a, b) < _NOTHING or math.isclose(a, b, rel_tol=_TOLERANCE)


def _is_measured(text: str) -> bool:
    return text[:1].isdigit() and ("." in text or "e" in text)


def line(claim: str, seen: str) -> str:
    """Return the line of ``[accepted.seen]`` that accepts this: TOML."""
    name = claim if _BARE.fullmatch(claim) else json.dumps(claim, ensure_ascii=False)
    return f"{name} = {json.dumps(seen, ensure_ascii=False)}"
