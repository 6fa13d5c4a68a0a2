"""``attncheck scan``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import exit_of_scan
from attncheck.cli.streams import log
from attncheck.errors import UsageError
from attncheck.execution import interrupts
from attncheck.execution.limits import limits_of

if TYPE_CHECKING:
    from attncheck.auditing.run import AuditRun, Checkpoint
    from attncheck.auditing.select import Selection


def scan(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="PLACE…",
            help="A file, a folder, an installed package, or a live model: 'net.py:net()', "
            "'pkg.nets:Net(depth=18)', a part of it: 'net.py:net()#layer1.0.se'.",
        ),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="SHAPE",
            help="One input of the live models: 2x3x224x224, NAME=2x16; found by trying without.",
        ),
    ] = None,
    tree: Annotated[
        bool, typer.Option("--tree", help="Show each live model's submodules with marks.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Take nothing from earlier scans, and keep nothing.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Take also what a limit or a crash cut short in an earlier scan."
        ),
    ] = False,
    claim: options.Claims = None,
    skip: options.Skips = None,
    limit: options.Binding = None,
    tried: options.Tried = None,
    device: options.Device = "cpu",
    seed: options.Seed = 0,
    timeout: options.Timeout = 30.0,
    memory_limit: options.MemoryLimit = "4GiB",
    jobs: options.Jobs = 0,
    executor: options.Executor = "",
    strict: options.Strict = False,
    format_name: options.ReportFormat = "text",
    output: options.ReportFiles = None,
    debug: options.Debug = False,
    quiet: options.Silent = False,
) -> None:
    """Find every attention in a place: which mechanism it is, and whether it is right.

    Classes are found by reading; only what may hold an attention is imported, each in a process
    of its own.

    Exit status: 0 all that is known conforms, 1 one violates, 2 could not do the work, 3 one is
    undecided or could not be audited.
    """
    from attncheck.auditing.request import Asked
    from attncheck.auditing.run import run
    from attncheck.cli.output import hand_over, outputs, save_so_far
    from attncheck.cli.progress import live_line
    from attncheck.commands.scan.run import scan as scanned
    from attncheck.execution.cache import ResultCache
    from attncheck.execution.engines import engine_of
    from attncheck.formats import Format, find_format
    from attncheck.formats.terminal.scan import Treed

    if no_cache and resume:
        raise UsageError("--resume needs what --no-cache leaves out", instead="give one of them")
    options.limits(timeout=timeout, jobs=jobs, seed=seed)
    asked = Asked(
        claims=claim or [],
        skips=skip or [],
        binding=options.binding(limit or []),
        limits=options.several(tried or []),
        inputs=inputs or [],
        device=device,
        seed=seed,
    )
    asked.check()
    limits = limits_of(timeout, memory_limit)
    shown: Format = Treed() if tree and format_name == "text" else find_format(format_name)
    files = outputs(output or [])
    cache = None if no_cache else ResultCache(resumes=resume)

    def audit(selections: list[Selection], checkpoint: Checkpoint) -> AuditRun:
        with live_line([task for _, task in selections], quiet=quiet) as listen:
            return run(selections, limits, jobs, listen, checkpoint, cache=cache, engine=engine)

    with interrupts.held(), engine_of(executor, jobs) as engine:
        keep = partial(save_so_far, files)
        report = scanned(places, asked, audit, limits, jobs, keep, cache, engine)
        if report.partial:
            log("attncheck: interrupted; what follows is what was finished")
        code = exit_of_scan(report, strict=strict)
        code = hand_over(report, shown, files, code, screen=format_name != "text" or not quiet)
    raise typer.Exit(code)
