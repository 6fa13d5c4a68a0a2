"""``attncheck replay``."""

from __future__ import annotations

import contextlib
import glob
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.output import deliver
from attncheck.cli.streams import colourful, log, width
from attncheck.data.harmless import one_line
from attncheck.data.literals import from_json
from attncheck.errors import AttncheckError, UsageError
from attncheck.execution.limits import memory_bytes

if TYPE_CHECKING:
    from attncheck.auditing.job import Job
    from attncheck.auditing.replay import Stored


def replay(
    finding: Annotated[
        str, typer.Argument(help="The id of a violation, its beginning, or report.json:ID.")
    ],
    run: Annotated[
        bool, typer.Option("--run", help="Import what a report names: it may be a stranger's.")
    ] = False,
    timeout: options.Timeout = 30.0,
    memory_limit: options.MemoryLimit = "4GiB",
    debug: options.Debug = False,
) -> None:
    """Try one violation again, on its witness alone.

    What was found here is tried at once; of a report it is told what would be imported, and done
    with --run. Exit status: 1 still violated, 0 no longer, 2 the target is gone or nothing was
    run, 3 undecided now.
    """
    from attncheck.auditing.replay import find
    from attncheck.auditing.run import run as run_audit
    from attncheck.auditing.task import Audit
    from attncheck.catalogue import load
    from attncheck.data.report import Status
    from attncheck.execution.limits import Limits
    from attncheck.formats import find_format

    options.limits(timeout=timeout)
    stored = find(finding)
    if stored.job.modules_only and not run:
        raise _asking(stored, finding)
    job, known = stored.job, stored.finding
    title = f"{known.id} · {job.name} · {known.claim}"
    try:
        spec = load(job.spec)
        claim = spec.claims_of(job.name)[known.claim]
    except KeyError:
        raise UsageError(f"{title}: the spec no longer makes this claim") from None
    task = Audit(job, {known.claim: claim})
    limits = Limits(timeout, 2 * timeout + 30, memory_bytes(memory_limit))
    audit = run_audit([(spec, task)], limits, 1, store=False)
    if audit.report.partial:
        raise KeyboardInterrupt
    if (refused := audit.entries[0].result.refused) is not None:
        if debug and refused.traceback:
            log("".join(refused.traceback))
        raise AttncheckError(
            f"{title}: the target is gone: {refused.what}",
            where=refused.where,
            instead=refused.instead,
        )
    now = audit.report.subjects[0].findings[0]
    if now.status is Status.VIOLATED:
        now.id, now.reproduce = known.id, "" if job.modules_only else known.reproduce

        def screen() -> str:
            drawn = find_format("text").render(
                audit.report, color=colourful(sys.stdout), width=width()
            )
            return f"{title}: still violated\n\n{drawn}"

        raise typer.Exit(deliver([], screen, Exit.VIOLATES))
    if now.status is Status.HOLDS:
        raise typer.Exit(deliver([], lambda: f"{title}: no longer violated\n"))
    text = f"{title}: {now.status.value} now: {now.message}\n"
    raise typer.Exit(deliver([], lambda: text, Exit.UNDECIDED))


def _asking(stored: Stored, finding: str) -> UsageError:
    """Return what would be run, in our own words: what the report says of it is not believed."""
    lines = [
        f"it would import {_imported(stored.job)}",
        f"and audit it as: {_command(stored)}",
        f"if you trust it: {shlex.join(['attncheck', 'replay', '--run', finding])}",
    ]
    return UsageError(
        "a report may come from a stranger: nothing that it names is run unasked",
        where=finding,
        instead="\n".join(map(one_line, lines)),
    )


def _imported(job: Job) -> str:
    """Return the file, or the module, that a target names."""
    place = job.target.rpartition(":")[0]
    if place.endswith(".py") or "/" in place or "\\" in place:
        return f"the file {Path(job.folder) / place}"
    return f"the module {place or job.target}"


def _command(stored: Stored) -> str:
    """Return the audit that tries the claim, made of the job's parts."""
    from attncheck.auditing.request import Asked

    job = stored.job
    arguments: dict[str, object] = {}
    for name, value in job.arguments.items():
        with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            arguments[name] = from_json(value)
    asked = Asked(
        arguments, job.dims, job.inputs, dtype=job.dtype, device=job.device, seed=job.seed
    )
    claim = glob.escape(stored.finding.claim)
    return f"{asked.command(job.spec, job.target)} --claim {shlex.quote(claim)}"
