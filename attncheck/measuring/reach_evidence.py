"""What a report says of one row of reach: the sets as rows of zeros and ones, to be drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from attncheck.claim import Outcome, violated
from attncheck.lazy import torch
from attncheck.measuring.reaching import Row


def violation(row: Row, subject: str, what: str, passes: int, claim: str, seen: str) -> Outcome:
    """Return the outcome of a row that is not as claimed.

    Args:
        row: the output site.
        subject: what is before its place in the message: ``the output at``.
        what: ``positions`` or ``channels``.
        passes: how often the module was applied to its own output.
        claim: the set that is claimed, in words.
        seen: the set that was seen, in words.
    """
    total, hit = int(row.claimed.sum()), int((row.claimed & row.seen).sum())
    extra = int((row.seen & ~row.claimed).sum())
    place = str(row.output[0]) if len(row.output) == 1 else str(row.output)
    others = f" and {extra} other{'s' * (extra != 1)}" if extra else ""
    message = f"{subject} {place} reaches {hit} of the {total} {what} claimed{others}: "
    message += f"{seen}, not {claim}"
    return replace(
        violated(message, expected=claim, seen=seen), evidence=_violated_row(row, what, passes)
    )


def held_row(row: Row, what: str, passes: int) -> dict[str, Any]:
    """Return the map of a row that is as claimed, each of its rows as one text: ``0100``."""
    return {
        "output": list(row.output),
        "size": list(row.claimed.shape),
        "claimed": ["".join(map(str, line)) for line in _matrix(row.claimed)],
        "seen": ["".join(map(str, line)) for line in _matrix(row.seen)],
        "what": what,
        "passes": passes,
    }


def _violated_row(row: Row, what: str, passes: int) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "output": list(row.output),
        "size": list(row.claimed.shape),
        "claimed": _matrix(row.claimed),
        "seen": _matrix(row.seen),
        "proved": row.leak is not None or row.proved,
        "what": what,
        "passes": passes,
    }
    if row.leak is not None:
        evidence["leak"] = list(row.leak)
    return evidence


def _matrix(mask: torch.Tensor) -> list[list[int]]:
    return [[int(v) for v in line] for line in mask.reshape(-1, mask.shape[-1])]
