"""``attncheck compare``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.output import check_result, show_result
from attncheck.cli.streams import log
from attncheck.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from attncheck.auditing.request import Asked
    from attncheck.auditing.select import Selection

_ALIKE = ("B", "C", "H", "W", "N")
"""Dims that the others take from the first, so that all stand at one shape."""


def compare(
    wanted: options.References = None,
    every: options.Every = False,
    contract: Annotated[
        str,
        typer.Option(
            metavar="SPEC",
            help="What targets are held against; else the one spec before them, or map.",
        ),
    ] = "",
    dims: options.Dims = None,
    sort: Annotated[
        str,
        typer.Option(
            help="name, claims, parameters, macs, elementwise, memory, reach or growth; "
            "as given by default."
        ),
    ] = "",
    jobs: options.Jobs = 0,
    format_name: options.ResultFormat = "text",
    output: options.ResultFiles = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Show implementations side by side at one shape: claims, cost, reach, growth.

    Exit status: 0 all were compared, whatever their verdict, 2 some could not be.
    """
    from attncheck.auditing.request import Asked
    from attncheck.cli.audit import report_of
    from attncheck.commands.compare import KEYS, page_of
    from attncheck.commands.compare import compare as side_by_side
    from attncheck.execution.limits import Limits

    if sort and sort not in KEYS:
        raise UsageError(f"cannot sort by '{sort}'", instead=did_you_mean(sort, KEYS))
    options.limits(jobs=jobs)
    files = output or []
    check_result(format_name, files)
    asked = Asked(dims=options.sizes(dims or []))
    selections = _selections(wanted or [], contract, asked, every=every)
    report = report_of(selections, Limits(), jobs, quiet=quiet, debug=debug)
    found = side_by_side(report, sort)
    complete = not report.problems and not report.partial and bool(report.subjects)
    code = Exit.CONFORMS if complete else Exit.FAILED
    raise typer.Exit(show_result(found, lambda: page_of(found), format_name, files, code))


def _selections(
    wanted: Sequence[str], contract: str, asked: Asked, *, every: bool
) -> list[Selection]:
    """Return one subject for each word, at the first one's shape."""
    from attncheck.auditing.select import select
    from attncheck.catalogue import load
    from attncheck.commands.words import check_some, references, side_by_side
    from attncheck.signature.constructor import dims_in_order
    from attncheck.spec.shelf import split_subject

    check_some(wanted, every=every)
    named, told = (references(), []) if every else side_by_side(wanted, contract)
    if len(named) < 2:
        raise UsageError("name two or more", instead=f"attncheck compare {wanted[0]} cbam")
    found: list[Selection] = []
    shape: dict[str, int] = {}
    for name, target in named:
        spec = load(split_subject(name)[0])
        stated = {n: size for n, size in {**shape, **asked.dims}.items() if n in spec.document.dims}
        own = select(name, target, dataclasses.replace(asked, dims=stated))
        if not found:
            sizes = dims_in_order(spec.document.dims, stated)
            shape = {n: sizes[n] for n in _ALIKE if n in sizes}
        work = "attncheck.commands.compare:audit_and_cost"
        found += [(one, dataclasses.replace(task, work=work)) for one, task in own]
    for said in told:
        log(f"attncheck: {said}")
    return found
