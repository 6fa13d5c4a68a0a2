"""``attncheck figures``."""

from __future__ import annotations

from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.output import check_result, show_result
from attncheck.errors import UsageError


def figures(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Specs, tables or mechanisms as their sources name them; all without one.",
            metavar="[SPEC]…",
        ),
    ] = None,
    every: options.Every = False,
    status: Annotated[
        str, typer.Option(metavar="read|recalled", help="Rows that were seen, or remembered, only.")
    ] = "",
    format_name: options.ResultFormat = "text",
    output: options.ResultFiles = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compare published parameters and FLOPs with counts of the networks, built on ``meta``.

    Exit status: 0 compared, whether figures agree or not, 2 could not do the work.
    """
    from attncheck.cli.progress import figure_line
    from attncheck.commands.figures.page import page_of
    from attncheck.commands.figures.run import chosen, compared
    from attncheck.commands.words import check_some

    if names:
        check_some(names, every=every)
    if status not in ("", "read", "recalled"):
        raise UsageError(f"no status '{status}'", where="--status", instead="read or recalled")
    files = output or []
    check_result(format_name, files)
    rows = chosen(names or [], status)
    with figure_line(len(rows), quiet=quiet) as listen:
        found = compared(rows, listen)
    code = show_result(found, lambda: page_of(found), format_name, files, Exit.CONFORMS)
    raise typer.Exit(code)
