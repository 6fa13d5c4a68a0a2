"""What a gate answered as GitHub's workflow commands: annotations, worst first."""

from __future__ import annotations

from attncheck.gate.result import Answer, Check, GateResult
from attncheck.gate.showing import summary

MOST = 10
"""Annotations of one level that GitHub shows for a step; the rest is counted."""
_LEVELS = {Answer.REGRESSED: "error", Answer.UNDECIDED: "warning"}


def annotated(result: GateResult) -> str:
    """Return one workflow command per line, and the summary as a notice."""
    lines: list[str] = []
    for answer, level in _LEVELS.items():
        found = [check for check in result.checks if check.answer is answer]
        shown = found if len(found) <= MOST else found[: MOST - 1]
        lines += [_command(level, check) for check in shown]
        if len(found) > len(shown):
            lines.append(f"::{level}::{len(found) - len(shown)} more are {answer.value}")
    lines.append(f"::notice title=attncheck gate::{_data(summary(result))}")
    return "\n".join(lines) + "\n"


def _command(level: str, check: Check) -> str:
    properties = {"title": f"{check.subject or 'report'}: {check.claim}"}
    if check.path:
        properties = {"file": check.path, **properties}
        if check.line:
            properties["line"] = str(check.line)
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = check.reason or check.answer.value
    if check.resolve:
        message += f"\n{check.resolve}"
    return f"::{level} {said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
