"""``attncheck diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.streams import log
from attncheck.execution import interrupts
from attncheck.execution.limits import limits_of

if TYPE_CHECKING:
    from attncheck.auditing.run import AuditRun, Checkpoint
    from attncheck.auditing.select import Selection

_PLACE = (
    "A live model, 'net.py:Net(depth=18)', or a file, folder or package; as it was at a git "
    "revision: net.py@HEAD~1, 'net.py@main:Net()'."
)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=_PLACE)],
    after: Annotated[str, typer.Argument(metavar="B", help="The later one, of the same kind.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="SHAPE",
            help="One input of both models: 2x3x224x224, NAME=2x16; found by trying without.",
        ),
    ] = None,
    claim: options.Claims = None,
    skip: options.Skips = None,
    timeout: options.Timeout = 30.0,
    memory_limit: options.MemoryLimit = "4GiB",
    jobs: options.Jobs = 0,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Variants, and keys that no longer load, are worse too."),
    ] = False,
    format_name: options.ResultFormat = "text",
    output: options.ResultFiles = None,
    debug: options.Debug = False,
    quiet: options.Quiet = False,
) -> None:
    """Say what became of A in B: attention, costs, outputs, keys of a checkpoint, wiring.

    Exit status: 0 nothing is worse, 1 an attention is gone or worse, or B breaks where A did
    not, 2 could not do the work.
    """
    from attncheck.auditing.request import Asked
    from attncheck.auditing.run import run
    from attncheck.cli.output import check_result, show_result
    from attncheck.cli.progress import live_line
    from attncheck.commands.diff.page import page_of
    from attncheck.commands.diff.run import diff as held_against

    options.limits(timeout=timeout, jobs=jobs)
    files = output or []
    check_result(format_name, files)
    asked = Asked(inputs=inputs or [], claims=claim or [], skips=skip or [])
    asked.check()
    limits = limits_of(timeout, memory_limit)

    def audit(selections: list[Selection], checkpoint: Checkpoint | None) -> AuditRun:
        with live_line([task for _, task in selections], quiet=quiet) as listen:
            return run(selections, limits, jobs, listen, checkpoint)

    with interrupts.held():
        found = held_against(before, after, asked, audit, limits, jobs, strict=strict)
        if found.partial:
            log("attncheck: interrupted; what follows is what was finished")
        code = Exit.VIOLATES if found.worse else Exit.CONFORMS
        known = found.broken.get("before") and not found.after.problem
        if found.partial or (found.before.problem and not known):
            code = Exit.FAILED
        code = show_result(found, lambda: page_of(found), format_name, files, code)
    raise typer.Exit(code)
