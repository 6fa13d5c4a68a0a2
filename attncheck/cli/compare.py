"""``attncheck compare``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import parsing
from attncheck.cli.exits import Exit
from attncheck.cli.output import check_result, show_result
from attncheck.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from attncheck.auditing.request import Asked
    from attncheck.auditing.select import Selection

_ALIKE = ("B", "C", "H", "W", "N")
"""Dims that the others take from the first, so that all stand at one shape."""


def compare(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="A B …",
            help="Each a spec (se: its reference), SPEC@SUBJECT, SPEC=TARGET, or a TARGET.",
        ),
    ],
    contract: Annotated[
        str, typer.Option(metavar="SPEC", help="What a target without a spec is held against.")
    ] = "map",
    dims: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="DIM=SIZE", help="The shape of all, such as C=64."),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            help="name, claims, parameters, macs, elementwise, memory, reach or growth; "
            "as given by default."
        ),
    ] = "",
    jobs: Annotated[int, typer.Option(help="Subjects at once; 0 for one per core.")] = 0,
    format_name: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the result as .json or .txt."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
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
    if len(wanted) < 2:
        raise UsageError("name two or more", instead=f"attncheck compare {wanted[0]} cbam")
    parsing.limits(jobs=jobs)
    files = output or []
    check_result(format_name, files)
    asked = Asked(dims=parsing.sizes(dims or []))
    selections = _selections(wanted, contract, asked)
    report = report_of(selections, Limits(), jobs, quiet=quiet, debug=debug)
    found = side_by_side(report, sort)
    complete = not report.problems and not report.partial and bool(report.subjects)
    code = Exit.CONFORMS if complete else Exit.FAILED
    raise typer.Exit(show_result(found, lambda: page_of(found), format_name, files, code))


def _selections(wanted: list[str], contract: str, asked: Asked) -> list[Selection]:
    """Return one subject for each word, at the first one's shape."""
    from attncheck.auditing.select import select
    from attncheck.catalogue import load
    from attncheck.commands.compare import CostedAudit
    from attncheck.signature.constructor import dims_in_order

    found: list[Selection] = []
    shape: dict[str, int] = {}
    for word in wanted:
        name, target = _parts(word, contract)
        spec = load(name.partition("@")[0])
        stated = {n: size for n, size in {**shape, **asked.dims}.items() if n in spec.document.dims}
        own = select(name, target, dataclasses.replace(asked, dims=stated))
        if not found:
            sizes = dims_in_order(spec.document.dims, stated)
            shape = {n: sizes[n] for n in _ALIKE if n in sizes}
        found += [(one, CostedAudit(task.job, task.claims)) for one, task in own]
    return found


def _parts(word: str, contract: str) -> tuple[str, str]:
    """Return (spec, target) of ``se``, ``se@article``, ``se=f.py:Class`` or ``f.py:Class``."""
    name, equal, target = word.partition("=")
    if equal:
        return name, target
    if ":" in word:
        return contract, word
    return (word, "") if "@" in word else (f"{word}@reference", "")
