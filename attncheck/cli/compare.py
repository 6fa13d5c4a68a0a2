"""``attncheck compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attncheck.cli import parsing
from attncheck.cli.exits import Exit
from attncheck.cli.output import check_result, show_result
from attncheck.errors import UsageError, did_you_mean


def compare(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="A B …",
            help="Each a spec (se: its reference), SPEC@SUBJECT, SPEC=TARGET, or a TARGET.",
        ),
    ],
    contract: Annotated[
        str, typer.Option(metavar="SPEC", help="What a target without a spec is held against.")
    ] = "map",
    dims: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="DIM=SIZE", help="The shape of all, such as C=64."),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            help="name, claims, parameters, macs, elementwise, memory, reach or growth; "
            "as given by default."
        ),
    ] = "",
    jobs: Annotated[int, typer.Option(help="Subjects at once; 0 for one per core.")] = 0,
    format_name: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the result as .json or .txt."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Show implementations side by side at one shape: claims, cost, reach, growth.

    Exit status: 0 all were compared, whatever their verdict, 2 some could not be.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.audit import report_of
    from attncheck.commands.compare import KEYS, chosen, page_of
    from attncheck.commands.compare import compare as side_by_side
    from attncheck.execution.limits import Limits

    if sort and sort not in KEYS:
        raise UsageError(f"cannot sort by '{sort}'", instead=did_you_mean(sort, KEYS))
    if len(wanted) < 2:
        raise UsageError("name two or more", instead=f"attncheck compare {wanted[0]} cbam")
    parsing.limits(jobs=jobs)
    files = output or []
    check_result(format_name, files)
    asked = Asked(dims=parsing.sizes(dims or []))
    report = report_of(chosen(wanted, contract, asked), Limits(), jobs, quiet=quiet, debug=debug)
    found = side_by_side(report, sort)
    complete = not report.problems and not report.partial and bool(report.subjects)
    code = Exit.CONFORMS if complete else Exit.FAILED
    raise typer.Exit(show_result(found, lambda: page_of(found), format_name, files, code))
