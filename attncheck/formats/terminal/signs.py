"""The few signs and colours of the screen; each sign also tells without its colour."""

from __future__ import annotations

from attncheck.data.report import Status, Verdict

VERDICT = {
    Verdict.CONFORMS: "green",
    Verdict.VARIANT: "green",
    Verdict.VIOLATES: "bold red",
    Verdict.UNDECIDED: "yellow",
    Verdict.COUNTED: "dim",
}
SIGN = {
    Status.VIOLATED: ("✗", "bold red"),
    Status.UNDECIDED: ("?", "yellow"),
    Status.ERROR: ("!", "magenta"),
    Status.HOLDS: ("✓", "green"),
    Status.SKIPPED: ("–", "dim"),
}
QUIET = "dim"
NAME = "bold"
HEADING = "bold"
