"""``attncheck count``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import parsing
from attncheck.cli.exits import Exit
from attncheck.cli.output import check_result, show_result
from attncheck.errors import AttncheckError, UsageError

if TYPE_CHECKING:
    from attncheck.auditing.request import Asked

_DEVICES = ("cpu", "meta")


def count(
    spec: Annotated[
        str,
        typer.Argument(help="A spec (its reference), SPEC@SUBJECT, or a TARGET held to no spec."),
    ],
    target: Annotated[
        str, typer.Argument(help="path/to/file.py:Class or package.module:Class.")
    ] = "",
    init: Annotated[
        list[str] | None,
        typer.Option("--init", metavar="KEY=VALUE", help="A constructor argument."),
    ] = None,
    dims: Annotated[
        list[str] | None, typer.Option("--set", metavar="DIM=SIZE", help="A dim, such as C=64.")
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="SHAPE", help="One input of forward: 8x256x512x512."),
    ] = None,
    device: Annotated[
        str,
        typer.Option(help="cpu, or meta: shapes alone; large inputs are counted there anyway."),
    ] = "",
    format_name: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the result as .json or .txt."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Count parameters and multiply-accumulates, by operator and by submodule.

    Exit status: 0 counted, 2 could not do the work, 3 an operator has no price or counters differ.
    """
    from attncheck.auditing.request import Asked
    from attncheck.auditing.select import select
    from attncheck.commands.count import account, page_of
    from attncheck.subject.raising import SubjectError

    if device and device not in _DEVICES:
        raise UsageError(
            f"counts do not depend on '{device}'", where="--device", instead="cpu or meta"
        )
    files = output or []
    check_result(format_name, files)
    asked = Asked(
        arguments=parsing.initials(init or []), dims=parsing.sizes(dims or []), inputs=inputs or []
    )
    name, target = _named(spec, target, asked)
    (_, task), *_others = select(name, target, asked)
    try:
        found = account(task.job, device)
    except SubjectError as error:
        raise AttncheckError(
            str(error), where=task.job.target, instead="state the call: --input 2x32x7x11"
        ) from error
    code = Exit.UNDECIDED if found.unpriced or found.disagreement else Exit.CONFORMS
    raise typer.Exit(show_result(found, lambda: page_of(found), format_name, files, code))


def _named(spec: str, target: str, asked: Asked) -> tuple[str, str]:
    """Return (spec, target): a spec alone means its reference, a target alone a family."""
    if target or "@" in spec:
        return spec, target
    if ":" in spec:
        return _family(asked), spec
    return f"{spec}@reference", ""


def _family(asked: Asked) -> str:
    """Return the family that the first input's axes speak of: tokens where it has three."""
    from attncheck.signature.inputs import parse_input

    given = [parse_input(text) for text in asked.inputs]
    return "tokens" if given and len(given[0].shape) == 3 else "map"
