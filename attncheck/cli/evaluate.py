"""``attncheck evaluate``."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.output import check_result, show_result
from attncheck.errors import UsageError
from attncheck.execution.limits import memory_bytes


def evaluate(
    corpus: Annotated[
        list[Path],
        typer.Argument(
            help="YAML files of modules with what is known of them, or a folder of such.",
            metavar="CORPUS.yaml…",
        ),
    ],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="GLOB", help="These entries only.")
    ] = None,
    skip: options.Skips = None,
    seed: options.Seed = 0,
    timeout: options.Timeout = 30.0,
    memory_limit: options.MemoryLimit = "4GiB",
    jobs: options.Jobs = 0,
    executor: options.Executor = "",
    format_name: options.ResultFormat = "text",
    output: options.ResultFiles = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Measure the error rate on modules of which it is known what is wrong with them.

    A module has ten times the --timeout of a claim.
    Exit status: 0 every faulty module violates and no correct one does, 1 otherwise, 2 could not
    do the work.
    """
    from attncheck.cli.progress import live_line
    from attncheck.commands.evaluate.page import page_of
    from attncheck.commands.evaluate.run import evaluate as run
    from attncheck.commands.evaluate.run import planned
    from attncheck.execution.engines import engine_of
    from attncheck.execution.limits import Limits

    files = output or []
    check_result(format_name, files)
    options.limits(timeout=timeout, jobs=jobs, seed=seed)
    limits = Limits(timeout, 10 * timeout, memory_bytes(memory_limit))
    globs = only or ["*"]
    plans = planned(
        corpus, lambda name: any(fnmatch.fnmatchcase(name, g) for g in globs), skip or [], seed
    )
    if not plans:
        raise UsageError("no entry of the corpus has such a name", where="--only")
    tasks = [plan.task for plan in plans if plan.task is not None]
    with live_line(tasks, quiet=quiet) as listen, engine_of(executor, jobs) as engine:
        found = run(plans, limits, jobs, listen, engine)
    total = found.tally.total
    right = total.recall.count == total.recall.of and not total.false_alarms.count
    code = Exit.CONFORMS if right else Exit.VIOLATES
    code = Exit.FAILED if found.partial else code
    raise typer.Exit(show_result(found, lambda: page_of(found), format_name, files, code))
