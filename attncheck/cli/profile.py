"""``attncheck profile``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import exit_of_profile
from attncheck.cli.streams import complain, log
from attncheck.errors import AttncheckError, UsageError, did_you_mean
from attncheck.execution import interrupts
from attncheck.execution.limits import memory_bytes

if TYPE_CHECKING:
    from attncheck.cli.output import PageShown
    from attncheck.commands.profile.wanted import Plan, Wanted
    from attncheck.data.report import Report

_PROCESSES, _MOST, _MOST_PROCESSES = 3, 12, 1024
_TABLES = ("csv", "latex")
"""Of figures alone; in Markdown the report has them, with what the audit says."""
_SECONDS = 0.5
_PAIRS = 24
"""So many that a gate with several latencies may leave out some pairs on either side."""
_SECONDS_OF_PAIRS = 0.3
"""Long enough for both to meet a good moment; beyond, more pairs tell more than longer ones."""


def profile(
    wanted: options.References = None,
    every: options.Every = False,
    device: options.AnyDevice = "cpu",
    inputs: options.PlainInputs = None,
    sizes: Annotated[
        str, typer.Option(metavar="LIST", help="Sides of a map, or tokens: 16,32,64,96.")
    ] = "",
    batch: Annotated[str, typer.Option(metavar="LIST", help="Batches: 1,8.")] = "",
    dtype: Annotated[str, typer.Option(metavar="LIST", help="float32,bfloat16,float16.")] = (
        "float32"
    ),
    backward: Annotated[bool, typer.Option("--backward", help="The backward pass, too.")] = False,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compiled by torch.compile, too.")
    ] = False,
    channels_last: Annotated[
        bool, typer.Option("--channels-last", help="With channels last, too.")
    ] = False,
    init: options.Init = None,
    dims: options.Dims = None,
    against: Annotated[
        str,
        typer.Option(
            metavar="OTHER",
            help="In turns with another module or version: SPEC, SPEC=TARGET, TARGET, "
            "file.py@REVISION:Class.",
        ),
    ] = "",
    processes: Annotated[
        int,
        typer.Option(
            help="Fresh processes (pairs with --against); 0 for 3, up to 12 until two agree (24)."
        ),
    ] = 0,
    threads: options.Threads = 1,
    seconds: Annotated[
        float,
        typer.Option(help="Time for the samples of one point in one process; 0 for 0.5 (0.3)."),
    ] = 0.0,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Try no claim, and time everything.")
    ] = False,
    sort: Annotated[
        str,
        typer.Option(
            help="name, size, parameters, macs, peak, latency, throughput or ratio; "
            "as given by default."
        ),
    ] = "",
    timeout: options.Timeout = 240.0,
    memory_limit: options.MemoryLimit = "8GiB",
    jobs: options.Jobs = 0,
    executor: options.NoExecutor = "",
    resume: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Go on with the report of an interrupted sweep."),
    ] = None,
    format_name: options.TableFormat = "text",
    output: options.ReportFiles = None,
    debug: options.Debug = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure cost and speed: counts, peak memory, latency in fresh processes, growth.

    Exit status: 0 measured, 1 a module violates its claims and was not timed, 2 could not do the
    work or was interrupted, 3 a figure is undecided.
    """
    from attncheck.cli.output import PageShown
    from attncheck.commands.profile.wanted import Wanted, plans
    from attncheck.commands.words import check_some
    from attncheck.devices import check_present
    from attncheck.formats.shared.profiles import SORTS, profile_page
    from attncheck.instruments.timing.samples import Budget

    if sort and sort not in SORTS:
        raise UsageError(f"cannot sort by '{sort}'", instead=did_you_mean(sort, SORTS))
    options.limits(timeout=timeout, jobs=jobs)
    options.limits(timeout=seconds or 1, option="--seconds")
    if not (0 <= processes <= _MOST_PROCESSES and 1 <= threads <= _MOST_PROCESSES):
        raise UsageError(
            "too many or too few --processes or --threads",
            instead=f"write 1 to {_MOST_PROCESSES}; 0 processes for as many as usual",
        )
    check_present(device)
    asked = Wanted(
        device=device,
        inputs=inputs or [],
        sizes=options.numbers(sizes, "--sizes"),
        batches=options.numbers(batch, "--batch"),
        dtypes=[word.strip() for word in dtype.split(",")],
        compile=compiled,
        channels_last=channels_last,
        backward=backward,
        arguments=options.initials(init or []),
        dims=options.sizes(dims or []),
        processes=processes or (_PAIRS if against else _PROCESSES),
        most=processes or _MOST,
        threads=threads,
        budget=Budget(seconds=seconds or (_SECONDS_OF_PAIRS if against else _SECONDS)),
        anyway=anyway,
    )
    files = [*(output or []), *([resume] if resume and not output else [])]
    shown = PageShown(format_name, files, partial(profile_page, sort=sort), _TABLES)
    memory = memory_bytes(memory_limit) if device in ("cpu", "meta") else _UNLIMITED
    if wanted:
        check_some(wanted, every=every)
    named = plans(wanted or [], asked)
    with interrupts.held():
        report = _run(named, asked, against, memory, timeout, jobs, resume, shown, quiet)
        code = shown.show(report, exit_of_profile(report))
    for found in report.problems:
        place = f"{found.spec}@{found.subject}" + (f": {found.where}" if found.where else "")
        complain(AttncheckError(found.what, where=place, instead=found.instead))
    if report.partial:
        log("attncheck: interrupted; what follows is what was finished")
    raise typer.Exit(code)


_UNLIMITED = 2**60


def _run(
    plans: list[Plan],
    asked: Wanted,
    against: str,
    memory: int,
    timeout: float,
    jobs: int,
    resume: Path | None,
    shown: PageShown,
    quiet: bool,
) -> Report:
    import tempfile

    from attncheck.cli.progress import measuring_line
    from attncheck.commands.profile.opponent import opposed
    from attncheck.commands.profile.run import steps
    from attncheck.commands.profile.sweep import Sweep, begun, earlier, finished, sweep
    from attncheck.execution.limits import Limits

    with tempfile.TemporaryDirectory(prefix="attncheck-") as folder:
        plans, other = opposed(plans, against, asked, Path(folder))
        wanted = Sweep(
            plans,
            other,
            against,
            asked.processes,
            asked.most,
            asked.anyway,
            Limits(timeout, 1000 * timeout, memory),
            jobs,
        )
        if resume is not None:
            before = earlier(resume)
            done = finished(before, plans, wanted.extra)
            left = begun(before, plans, wanted.extra)
            log(f"attncheck: {len(done)} of {len(plans)} subjects are already there")
            wanted = Sweep(**{**vars(wanted), "earlier": done, "begun": left})
        computes = asked.device != "meta"
        total = sum(
            steps(plan, other, asked.processes, computes)
            for place, plan in enumerate(plans)
            if place not in wanted.earlier
        )
        with measuring_line(total, quiet=quiet) as listener:
            return sweep(wanted, listener, shown.save)
