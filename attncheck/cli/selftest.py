"""``attncheck selftest``."""

from __future__ import annotations

from typing import Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.output import check_result, show_result
from attncheck.cli.streams import log
from attncheck.errors import UsageError
from attncheck.execution.limits import memory_bytes

_WANTED = 0.98


def selftest(
    specs: Annotated[
        list[str] | None,
        typer.Argument(help="Specs whose references are to be mutated.", metavar="SPEC…"),
    ] = None,
    every: options.Every = False,
    sample: Annotated[
        int, typer.Option(metavar="N", help="Audit N mutants of each spec; 0 for all.")
    ] = 0,
    seed: options.Seed = 0,
    full: Annotated[
        bool, typer.Option("--full", help="Try all claims on each mutant, not up to the first.")
    ] = False,
    budget: Annotated[
        float, typer.Option(metavar="SECONDS", help="Time for the mutants of one spec.")
    ] = 600.0,
    memory_limit: options.MemoryLimit = "4GiB",
    jobs: options.Jobs = 0,
    format_name: options.ResultFormat = "text",
    output: options.ResultFiles = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Prove that the probes can fail: audit mutants of the references.

    Exit status: 0 an audit accuses at least 98 % of the mutants, 1 fewer, 2 could not do the work.
    """
    from attncheck.catalogue import load
    from attncheck.cli.progress import live_line
    from attncheck.commands.selftest.page import page_of
    from attncheck.commands.selftest.run import SelftestAsked
    from attncheck.commands.selftest.run import selftest as run
    from attncheck.commands.words import check_some, spec_of
    from attncheck.spec.shelf import find_path, spec_ids

    check_some(specs, every=every)
    options.limits(timeout=budget, jobs=jobs, seed=seed, option="--budget")
    if sample < 0:
        raise UsageError("--sample must not be negative", where="--sample")
    files = output or []
    check_result(format_name, files)
    named = [spec_of(word, "mutants are made of references") for word in specs or spec_ids()]
    found = [load(name) for name in named]
    for spec in found:
        if not spec.document.reference and specs:
            raise UsageError(f"'{spec.id}' has no reference to mutate")
    names = [
        spec.id if find_path(spec.id) == spec.path else str(spec.path)
        for spec in found
        if spec.document.reference
    ]
    asked = SelftestAsked(names, sample, seed, full, budget, memory_bytes(memory_limit), jobs)
    with live_line([], quiet=quiet) as listen:
        done = run(asked, listen)
    for table in done.tables:
        if table.out_of_time:
            log(f"attncheck: {table.spec}: the time is up, {table.out_of_time} mutants are left")
    code = Exit.CONFORMS if done.rate >= _WANTED else Exit.VIOLATES
    if done.partial or any(table.problem for table in done.tables):
        code = Exit.FAILED
    raise typer.Exit(show_result(done, lambda: page_of(done), format_name, files, code))
