"""``attncheck audit``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import held, options
from attncheck.cli.exits import Exit, exit_of
from attncheck.cli.streams import complain, log
from attncheck.execution import interrupts
from attncheck.execution.limits import limits_of

if TYPE_CHECKING:
    from attncheck.auditing.request import Asked
    from attncheck.auditing.run import SubjectAudited
    from attncheck.auditing.select import Selection
    from attncheck.cli.output import OutputFile
    from attncheck.data.report import Report
    from attncheck.execution.engines import Engine
    from attncheck.execution.limits import Limits


def audit(
    words: options.Subjects = None,
    every: options.Every = False,
    claim: options.Claims = None,
    skip: options.Skips = None,
    limit: options.Binding = None,
    tried: options.Tried = None,
    init: options.Init = None,
    dims: options.Dims = None,
    inputs: options.Inputs = None,
    device: options.Device = "cpu",
    dtype: Annotated[str, typer.Option(help="float64, float32, bfloat16 or float16.")] = "",
    seed: options.Seed = 0,
    timeout: options.Timeout = 30.0,
    memory_limit: options.MemoryLimit = "4GiB",
    jobs: options.Jobs = 0,
    executor: options.Executor = "",
    strict: options.Strict = False,
    format_name: options.ReportFormat = "text",
    output: options.ReportFiles = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="BASE",
            help="Hold what is found against this report, as gate does; the exit status is gate's.",
        ),
    ] = None,
    debug: options.Debug = False,
    quiet: options.Silent = False,
) -> None:
    """Check the claims of a spec on implementations, each in a process of its own.

    A subject has twenty times the --timeout of a claim.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.output import hand_over, outputs
    from attncheck.commands.words import check_some
    from attncheck.execution.engines import engine_of
    from attncheck.formats import find_format

    options.limits(timeout=timeout, jobs=jobs, seed=seed)
    check_some(words, every=every)
    asked = Asked(
        arguments=options.initials(init or []),
        dims=options.sizes(dims or []),
        inputs=inputs or [],
        claims=claim or [],
        skips=skip or [],
        binding=options.binding(limit or []),
        limits=options.several(tried or []),
        dtype=dtype,
        device=device,
        seed=seed,
    )
    limits = limits_of(timeout, memory_limit)
    shown = find_format(format_name)
    files = outputs(output or [])
    on = held.ground(baseline, written=[file.path for file in files]) if baseline else None
    asked.check()
    with engine_of(executor, jobs) as engine:
        selections = _selections(words or [], asked, limits, engine, every=every)
        with interrupts.held():
            report = report_of(
                selections, limits, jobs, files, quiet=quiet, debug=debug, engine=engine
            )
    with interrupts.held():
        code = exit_of(report, strict=strict)
        if files and not report.subjects:
            log("attncheck: nothing was audited, so no report is written")
            files, code = [], Exit.FAILED
        screen = not quiet if format_name == "text" and report.subjects else format_name != "text"
        code = hand_over(report, shown, files, code, screen=screen)
    if on is not None and report.subjects:
        answer = held.show_held(on, report, output or [], format_name, strict=strict, quiet=quiet)
        code = code if code is Exit.FAILED else answer
    raise typer.Exit(code)


def _selections(
    words: Sequence[str], asked: Asked, limits: Limits, engine: Engine | None, *, every: bool
) -> list[Selection]:
    """Return what is audited; what a target without a spec is held against is told."""
    from attncheck.commands.unnamed import specified
    from attncheck.commands.words import selected, selected_of

    if every:
        return selected([], asked, every=True)
    what, told = specified(words, asked, limits, engine)
    selections = selected_of(what, asked)
    for line in told:
        log(line)
    return selections


def report_of(
    selections: list[Selection],
    limits: Limits,
    jobs: int,
    files: Sequence[OutputFile] = (),
    *,
    quiet: bool,
    debug: bool,
    engine: Engine | None = None,
) -> Report:
    """Run everything and return the report; problems are told on standard error as well.

    JSON files hold what is finished while the rest runs.
    """
    from attncheck.auditing.run import run
    from attncheck.cli.kept import Kept
    from attncheck.cli.progress import live_line

    with live_line([task for _, task in selections], quiet=quiet) as listen:
        audit = run(selections, limits, jobs, listen, Kept(files).add, engine=engine)
    for entry in audit.entries:
        if entry.problem is not None:
            _tell(entry, debug=debug)
    if audit.report.partial:
        log("attncheck: interrupted; what follows is what was finished")
    return audit.report


def _tell(entry: SubjectAudited, *, debug: bool) -> None:
    from attncheck.errors import AttncheckError

    problem, refused = entry.problem, entry.result.refused
    assert problem is not None
    assert refused is not None
    place = f"{problem.spec}@{problem.subject}" + (f": {problem.where}" if problem.where else "")
    complain(AttncheckError(problem.what, where=place, instead=problem.instead))
    if refused.kind == "internal":
        log("".join(refused.traceback) if debug else "  run it again with --debug and report it")
