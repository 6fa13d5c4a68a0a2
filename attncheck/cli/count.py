"""``attncheck count``."""

from __future__ import annotations

from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.streams import complain
from attncheck.errors import AttncheckError, UsageError

_DEVICES = ("cpu", "meta")


def count(
    words: options.References = None,
    every: options.Every = False,
    init: options.Init = None,
    dims: options.Dims = None,
    inputs: options.PlainInputs = None,
    device: Annotated[
        str,
        typer.Option(help="cpu, or meta: shapes alone; large inputs are counted there anyway."),
    ] = "",
    format_name: options.ReportFormat = "text",
    output: options.ReportFiles = None,
    debug: options.Debug = False,
) -> None:
    """Count parameters and multiply-accumulates, by operator and by submodule.

    Exit status: 0 counted, 2 could not do the work, 3 an operator has no price or counters differ.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.output import PageShown
    from attncheck.commands.count import counted, page_of, settled
    from attncheck.commands.words import UNSAID, selected

    if device and device not in _DEVICES:
        raise UsageError(
            f"counts do not depend on '{device}'", where="--device", instead="cpu or meta"
        )
    shown = PageShown(format_name, output or [], page_of)
    asked = Asked(
        arguments=options.initials(init or []),
        dims=options.sizes(dims or []),
        inputs=inputs or [],
    )
    what = selected(words or [], asked, every=every, alone="reference", family=UNSAID)
    report = counted(what, device)
    for found in report.problems:
        complain(AttncheckError(found.what, where=found.where, instead=found.instead))
    if not report.subjects:
        raise typer.Exit(Exit.FAILED)
    code = Exit.CONFORMS if settled(report) else Exit.UNDECIDED
    raise typer.Exit(shown.show(report, Exit.FAILED if report.problems else code))
