"""``attncheck baseline``."""

from __future__ import annotations

import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from attncheck.cli import held, options
from attncheck.cli.exits import Exit
from attncheck.cli.output import deliver
from attncheck.cli.streams import log
from attncheck.errors import UsageError


def baseline(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report as JSON.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="BASE", help="The baseline to write.")
    ],
    accepted: options.AcceptedFile = None,
) -> None:
    """Make a report the baseline of later gates.

    Refused where it was interrupted, or something is violated or undecided that no reviewed
    entry accepts. Exit status: 0 written, 1 refused, 2 could not be read or written.
    """
    from attncheck.cli.output import ToWrite, check_places
    from attncheck.data.report_file import sealed
    from attncheck.gate import load_report
    from attncheck.gate.baseline import refusals

    found = load_report(report)
    entries, path = held.accepted_entries(accepted, output)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    if reasons := list(refusals(found, entries, today)):
        log(f"attncheck: {report} may not become a baseline:")
        for reason in reasons:
            log(f"  {reason}")
        log(f"  mend it, or accept it with a reason and an end in {path}")
        raise typer.Exit(Exit.VIOLATES)
    if output.suffix != ".json":
        raise UsageError("a baseline is JSON", where=str(output), instead="write baseline.json")
    check_places([output])
    code = deliver([ToWrite(output, partial(sealed, found))], None)
    if code is not Exit.CONFORMS:
        raise typer.Exit(code)
    count = sum(len(subject.findings) for subject in found.subjects)
    log(f"attncheck: {output}: {len(found.subjects)} subjects, {count} claims")
