"""The gate: a pure function of two reports, a policy and what is accepted, without torch."""

from __future__ import annotations

from attncheck.gate.accepted import Entry, read_accepted
from attncheck.gate.comparing import Files, gate
from attncheck.gate.loading import load_report
from attncheck.gate.policy import Policy, read_policy
from attncheck.gate.result import Answer, Check, GateResult

__all__ = [
    "Answer",
    "Check",
    "Entry",
    "Files",
    "GateResult",
    "Policy",
    "gate",
    "load_report",
    "read_accepted",
    "read_policy",
]
