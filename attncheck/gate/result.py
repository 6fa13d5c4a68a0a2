"""What a gate answers: plain data, and one answer for all of it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec

SCHEMA = "attncheck.gate/1"


class Answer(str, Enum):
    """The three answers. What cannot be told is never dressed up as a pass."""

    HOLDS = "holds"
    REGRESSED = "regressed"
    UNDECIDED = "undecided"


class Check(msgspec.Struct, omit_defaults=True):
    """One thing that was compared.

    Attributes:
        subject: ``gam@article``; "" for what concerns the whole report.
        claim: a claim, ``macs``, ``latency forward``, ``environment``, ``accepted``, …
        answer: of the three.
        reason: why, for people; "" where before and now are simply the same.
        resolve: the command that settles it.
        before, now: what was compared, as short texts.
        path, line: where in the source, for annotations.
        evidence: numbers behind it; a verdict on latency can be recomputed from them.
    """

    subject: str
    claim: str
    answer: Answer
    reason: str = ""
    resolve: str = ""
    before: str = ""
    now: str = ""
    path: str = ""
    line: int = 0
    evidence: dict[str, Any] = {}


class GateResult(msgspec.Struct, kw_only=True):
    """Every check, the answer to all, and the policy that they were judged by."""

    schema: str = SCHEMA
    answer: Answer
    checks: list[Check]
    policy: dict[str, Any] = {}
    notes: list[str] = []


def overall(checks: Iterable[Check]) -> Answer:
    """Return ``regressed`` if anything is, else ``undecided`` if anything is.

    A gate that has compared nothing is undecided.
    """
    answers = {check.answer for check in checks}
    if Answer.REGRESSED in answers:
        return Answer.REGRESSED
    if Answer.UNDECIDED in answers or not answers:
        return Answer.UNDECIDED
    return Answer.HOLDS
