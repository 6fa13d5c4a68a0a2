"""``attncheck compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.streams import complain, log
from attncheck.errors import AttncheckError, UsageError, did_you_mean


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
    inputs: options.PlainInputs = None,
    tried: options.Tried = None,
    sort: Annotated[
        str,
        typer.Option(
            help="name, claims, parameters, macs, elementwise, memory, reach or growth; "
            "as given by default."
        ),
    ] = "",
    jobs: options.Jobs = 0,
    format_name: options.TableFormat = "text",
    output: options.ReportFiles = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Show implementations side by side at one shape: claims, limits, cost, reach, growth.

    Of targets without a spec, called as --input states it, and of live models: cost alone.

    Exit status: 0 all were compared, whatever their verdict, 2 some could not be.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.audit import report_of
    from attncheck.cli.output import PageShown
    from attncheck.commands.compare import KEYS, beside, chosen, in_order, page_of
    from attncheck.commands.count import counted
    from attncheck.commands.words import UNSAID, check_some, references, selected_of
    from attncheck.commands.words import side_by_side as in_turn
    from attncheck.execution.limits import Limits

    if sort and sort not in KEYS:
        raise UsageError(f"cannot sort by '{sort}'", instead=did_you_mean(sort, KEYS))
    options.limits(jobs=jobs)
    shown = PageShown(format_name, output or [], page_of)
    asked = Asked(
        dims=options.sizes(dims or []), inputs=inputs or [], limits=options.several(tried or [])
    )
    check_some(wanted, every=every)
    named, told = (
        (references(), []) if every else in_turn(wanted or [], contract, stated=bool(inputs))
    )
    if len(named) < 2:
        raise UsageError("name two or more", instead=f"attncheck compare {named[0].spec} cbam")
    bare = [one for one in named if one.spec == UNSAID]
    plain = counted(selected_of(bare, asked) if bare else [], memory=True)
    audits = chosen([one for one in named if one.spec != UNSAID], asked)
    found = report_of(audits, Limits(), jobs, quiet=quiet, debug=debug) if audits else plain
    for lost in plain.problems:
        complain(AttncheckError(lost.what, where=lost.where, instead=lost.instead))
    report = beside(found, plain) if audits else plain
    for said in told:
        log(f"attncheck: {said}")
    complete = not report.problems and not report.partial and bool(report.subjects)
    code = Exit.CONFORMS if complete else Exit.FAILED
    raise typer.Exit(shown.show(in_order(report, sort), code))
