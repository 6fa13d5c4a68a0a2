"""``attncheck count``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.streams import complain
from attncheck.errors import AttncheckError, UsageError, did_you_mean

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
    depth: Annotated[
        int,
        typer.Option(help="How deep submodules are shown; 0 for as deep as there is room for."),
    ] = 0,
    sort: Annotated[
        str,
        typer.Option(help="macs or parameters: the dearest submodules first; else as defined."),
    ] = "",
    format_name: options.TableFormat = "text",
    output: options.ReportFiles = None,
    debug: options.Debug = False,
) -> None:
    """Count parameters and multiply-accumulates, by operator and by submodule.

    Exit status: 0 counted, 2 could not do the work, 3 an operator has no price or counters differ.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.output import PageShown
    from attncheck.commands.count import SORTS, counted, page_of, settled
    from attncheck.commands.words import UNSAID, selected

    if device and device not in _DEVICES:
        raise UsageError(
            f"counts do not depend on '{device}'", where="--device", instead="cpu or meta"
        )
    if sort and sort not in SORTS:
        raise UsageError(f"cannot sort by '{sort}'", instead=did_you_mean(sort, SORTS))
    if depth < 0:
        raise UsageError("no depth is below 0", where="--depth", instead="write 1, 2, …")
    shown = PageShown(format_name, output or [], partial(page_of, depth=depth, sort=sort))
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
