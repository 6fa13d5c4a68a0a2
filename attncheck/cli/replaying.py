"""``attncheck replay``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from attncheck.cli import parsing
from attncheck.cli.delivery import deliver
from attncheck.cli.exits import Exit
from attncheck.cli.streams import colourful, log, width
from attncheck.errors import AttncheckError, UsageError


def replay(
    finding: Annotated[
        str, typer.Argument(help="The id of a violation, its beginning, or report.json:ID.")
    ],
    timeout: Annotated[float, typer.Option(help="Seconds for the claim.")] = 30.0,
    memory_limit: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory of the subject's process.")
    ] = "4GiB",
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Try one violation again, on its witness alone.

    Exit status: 1 still violated, 0 no longer, 2 the target is gone, 3 undecided now.
    """
    from attncheck import replaying
    from attncheck.assembling import subject_report
    from attncheck.catalogue import load
    from attncheck.environment import fingerprint
    from attncheck.execution.limits import Limits
    from attncheck.execution.scheduling import Task, run_all
    from attncheck.formats import find_format
    from attncheck.report import Report, Status

    parsing.limits(timeout=timeout)
    stored = replaying.find(finding)
    job, known = stored.job, stored.finding
    title = f"{known.id} · {job.name} · {known.claim}"
    try:
        spec = load(job.spec)
        claim = spec.claims_of(job.name)[known.claim]
    except KeyError:
        raise UsageError(f"{title}: the spec no longer makes this claim") from None
    task = Task(job, {known.claim: claim})
    limits = Limits(timeout, 2 * timeout + 30, parsing.memory(memory_limit))
    (result,), interrupted = run_all([task], limits, 1)
    if interrupted:
        raise KeyboardInterrupt
    if result.refused is not None:
        refused = result.refused
        if debug and refused.traceback:
            log("".join(refused.traceback))
        raise AttncheckError(
            f"{title}: the target is gone: {refused.what}",
            where=refused.where,
            instead=refused.instead,
        )
    subject = subject_report(spec, task, result)
    assert subject is not None
    now = subject.findings[0]
    if now.status is Status.VIOLATED:
        now.id, now.reproduce = known.id, known.reproduce
        report = Report(environment=fingerprint(), subjects=[subject])

        def screen() -> str:
            drawn = find_format("text").render(report, color=colourful(sys.stdout), width=width())
            return f"{title}: still violated\n\n{drawn}"

        raise typer.Exit(deliver([], screen, Exit.VIOLATES))
    if now.status is Status.HOLDS:
        raise typer.Exit(deliver([], lambda: f"{title}: no longer violated\n"))
    text = f"{title}: {now.status.value} now: {now.message}\n"
    raise typer.Exit(deliver([], lambda: text, Exit.UNDECIDED))
