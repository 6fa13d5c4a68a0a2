"""What a gate answered as GitHub's workflow commands: annotations, worst first."""

from __future__ import annotations

from attncheck.formats.shared.commands import MOST, command, data
from attncheck.gate.result import Answer, Check, GateResult
from attncheck.gate.showing import summary

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
    lines.append(f"::notice title=attncheck gate::{data(summary(result))}")
    return "\n".join(lines) + "\n"


def _command(level: str, check: Check) -> str:
    properties = {"title": f"{check.subject or 'report'}: {check.claim}"}
    if check.path:
        properties = {"file": check.path, **properties}
        if check.line:
            properties["line"] = str(check.line)
    message = check.reason or check.answer.value
    if check.resolve:
        message += f"\n{check.resolve}"
    return f"::{level} {command(properties, message)}"
