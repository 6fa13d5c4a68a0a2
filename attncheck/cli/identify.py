"""``attncheck identify``."""

from __future__ import annotations

from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.streams import complain, log
from attncheck.errors import AttncheckError, UsageError
from attncheck.execution.limits import limits_of


def identify(
    targets: Annotated[
        list[str],
        typer.Argument(metavar="TARGET", help="path/to/file.py:Class or package.module:Class."),
    ],
    init: options.Init = None,
    inputs: options.Inputs = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds for one target.")] = 60.0,
    memory_limit: options.MemoryLimit = "4GiB",
    jobs: options.Jobs = 0,
    format_name: options.ResultFormat = "text",
    output: options.ResultFiles = None,
    debug: options.Debug = False,
    quiet: options.Quiet = False,
) -> None:
    """Say which mechanism a module computes, and how that is known; it is no verdict.

    Exit status: 0 known, 2 could not do the work, 3 no mechanism that we know, or only its name.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.output import check_result, show_result
    from attncheck.cli.progress import live_line
    from attncheck.commands.identify import identities, page_of
    from attncheck.commands.words import read_word

    options.limits(timeout=timeout, jobs=jobs)
    files = output or []
    check_result(format_name, files)
    for text in targets:
        if read_word(text).spec:
            raise UsageError(
                f"'{text}' names no class",
                instead="identify asks what a class is: attncheck identify path/to/file.py:Class",
            )
    asked = Asked(arguments=options.initials(init or []), inputs=inputs or [])
    with live_line([], quiet=quiet) as listen:
        found = identities(targets, asked, limits_of(timeout, memory_limit), jobs, listen)
    for one in found.targets:
        if one.problem is not None:
            problem = one.problem
            complain(AttncheckError(problem.what, where=problem.where, instead=problem.instead))
    if found.partial:
        log("attncheck: interrupted; what follows is what was finished")
    known = [one.identity.known for one in found.targets if one.identity is not None]
    code = Exit.UNDECIDED if {"unknown", "named"} & set(known) else Exit.CONFORMS
    if found.partial or len(known) < len(found.targets):
        code = Exit.FAILED
    if not known:
        raise typer.Exit(code)
    raise typer.Exit(show_result(found, lambda: page_of(found), format_name, files, code))
