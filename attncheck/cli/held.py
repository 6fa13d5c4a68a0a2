"""A report held against a baseline: what is read for it, what is answered, how it is shown."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from attncheck.cli.exits import Exit
from attncheck.cli.streams import colourful, log, say, width
from attncheck.errors import UsageError

if TYPE_CHECKING:
    from attncheck.data.report import Report
    from attncheck.gate import Entry, GateResult, Policy

ACCEPTED = "accepted.toml"


@dataclass(frozen=True)
class Ground:
    """Everything that a report is held against, read before the work begins."""

    path: Path
    baseline: Report
    policy: Policy
    policy_path: str
    accepted: list[Entry]
    accepted_path: str


def ground(
    baseline: Path,
    policy: Path | None = None,
    accepted: Path | None = None,
    *,
    written: Sequence[Path] = (),
) -> Ground:
    """Return what the files say.

    Args:
        baseline: the report to hold others against.
        policy: a ``pyproject.toml``; None for the nearest.
        accepted: the reviewed entries; None for those beside the baseline.
        written: the reports that are held against it, or will be: none may be the baseline.

    Raises:
        UsageError: one of them cannot be read, or says what it may not.
    """
    from attncheck.gate import load_report, read_policy

    for report in written:
        _refuse_baseline(report, baseline)
    found, place = read_policy(policy, Path.cwd())
    entries, path = accepted_entries(accepted, baseline)
    return Ground(baseline, load_report(baseline), found, place, entries, path)


def accepted_entries(accepted: Path | None, baseline: Path) -> tuple[list[Entry], str]:
    """Return the reviewed entries and their file; without a file, none."""
    from attncheck.gate import read_accepted

    path = accepted or baseline.parent / ACCEPTED
    if accepted is None and not path.exists():
        return [], str(path)
    return read_accepted(path), str(path)


def held_against(on: Ground, report: Report, name: str) -> GateResult:
    """Return what the gate answers; ``name`` is the report's file, for what it suggests."""
    from attncheck.gate import Files, gate

    files = Files(name, str(on.path), on.accepted_path)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    result = gate(report, on.baseline, on.policy, on.accepted, today=today, files=files)
    said = on.policy.loosened()
    result.notes.append(f"policy: {on.policy_path}{': ' if said else ''}{said}")
    return result


def _refuse_baseline(report: Path, baseline: Path) -> None:
    """Complain where the report and the baseline are one file: nothing was audited since."""
    try:
        same = os.path.samefile(report, baseline)
    except OSError:
        same = os.path.realpath(report) == os.path.realpath(baseline)
    if same:
        raise UsageError(
            "the report and the baseline are the same file",
            where=str(report),
            instead="audit first: attncheck audit SPEC -o report.json --baseline BASE",
        )


def show_held(
    on: Ground,
    report: Report,
    files: Sequence[Path],
    format_name: str,
    *,
    strict: bool,
    quiet: bool,
) -> Exit:
    """Hold an audit's report against the baseline, show the answer and return its exit code.

    Standard output has the answer after a report in text or for GitHub; of any other format it
    holds the report alone, and the answer goes to standard error.
    """
    from attncheck.data.report import decode, encode

    name = next((str(path) for path in files if path.suffix == ".json"), "report.json")
    result = held_against(on, decode(encode(report)), name)  # as a reader of the file has it
    code = exit_of_gate(result, strict=strict)
    if quiet and not code:
        return code
    if format_name in ("text", "github"):
        say(rendered(result, format_name), commands=format_name == "github")
    else:
        log(rendered(result, "text", color=False).rstrip())
    return code


def exit_of_gate(result: GateResult, *, strict: bool) -> Exit:
    """Return the exit code of an answer; with ``strict``, undecided counts as regressed."""
    from attncheck.gate import Answer

    codes = {Answer.HOLDS: Exit.CONFORMS, Answer.REGRESSED: Exit.VIOLATES}
    return codes.get(result.answer, Exit.VIOLATES if strict else Exit.UNDECIDED)


def rendered(result: GateResult, format_name: str, *, color: bool | None = None) -> str:
    """Return the answer in a format; coloured as standard output is, unless it is said."""
    if color is None:
        color = colourful(sys.stdout)
    if format_name == "json":
        import msgspec

        return (msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n").decode("utf-8")
    if format_name == "github":
        from attncheck.gate.page import annotated

        return annotated(result)
    from attncheck.gate import page

    if format_name == "markdown":
        return page.markdown_of(result)
    if not color:
        from attncheck.gate.page import plain_text

        return plain_text(page.page_of(result), width())
    from attncheck.formats import render_page

    return render_page(page.page_of(result), color=color, width=width())
