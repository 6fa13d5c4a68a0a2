"""``attncheck compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.streams import log
from attncheck.errors import UsageError, did_you_mean


def compare(
    wanted: options.References = None,
    every: options.Every = False,
    contract: Annotated[
        str,
        typer.Option(
            metavar="SPEC",
            help="What targets are held against; else the one spec before them, or map.",
        ),
    ] = "",
    dims: options.Dims = None,
    tried: options.Tried = None,
    sort: Annotated[
        str,
        typer.Option(
            help="name, claims, parameters, macs, elementwise, memory, reach or growth; "
            "as given by default."
        ),
    ] = "",
    jobs: options.Jobs = 0,
    format_name: options.ReportFormat = "text",
    output: options.ReportFiles = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Show implementations side by side at one shape: claims, limits, cost, reach, growth.

    Exit status: 0 all were compared, whatever their verdict, 2 some could not be.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.audit import report_of
    from attncheck.cli.output import PageShown
    from attncheck.commands.compare import KEYS, chosen, in_order, page_of
    from attncheck.commands.words import check_some, references
    from attncheck.commands.words import side_by_side as in_turn
    from attncheck.execution.limits import Limits

    if sort and sort not in KEYS:
        raise UsageError(f"cannot sort by '{sort}'", instead=did_you_mean(sort, KEYS))
    options.limits(jobs=jobs)
    shown = PageShown(format_name, output or [], page_of)
    asked = Asked(dims=options.sizes(dims or []), limits=options.several(tried or []))
    check_some(wanted, every=every)
    named, told = (references(), []) if every else in_turn(wanted or [], contract)
    if len(named) < 2:
        raise UsageError("name two or more", instead=f"attncheck compare {named[0].spec} cbam")
    report = report_of(chosen(named, asked), Limits(), jobs, quiet=quiet, debug=debug)
    for said in told:
        log(f"attncheck: {said}")
    complete = not report.problems and not report.partial and bool(report.subjects)
    code = Exit.CONFORMS if complete else Exit.FAILED
    raise typer.Exit(shown.show(in_order(report, sort), code))
