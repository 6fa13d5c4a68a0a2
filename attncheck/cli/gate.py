"""``attncheck gate``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from attncheck.cli import held, options
from attncheck.cli.output import deliver
from attncheck.errors import UsageError, did_you_mean

FORMATS = {"text": ".txt", "json": ".json", "markdown": ".md", "github": ""}


def gate(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report as JSON.")],
    baseline: Annotated[
        Path, typer.Option("--baseline", metavar="BASE", help="The report to hold it against.")
    ],
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            help="A pyproject.toml with [tool.attncheck.gate]; the nearest by default.",
        ),
    ] = None,
    accepted: options.AcceptedFile = None,
    strict: options.Strict = False,
    format_name: Annotated[
        str, typer.Option("--format", help="How to show it: text, json, markdown or github.")
    ] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it as .json, .md or .txt."),
    ] = None,
) -> None:
    """Compare a report with a baseline: holds, regressed or undecided.

    Exit status: 0 holds, 1 regressed, 2 cannot be compared, 3 undecided.
    """
    from attncheck.cli.output import ToWrite
    from attncheck.gate import load_report

    files = output or []
    _check(format_name, files)
    found = load_report(report, audited=True)
    on = held.ground(baseline, policy, accepted, written=[report])
    result = held.held_against(on, found, str(report))
    names = {suffix: name for name, suffix in FORMATS.items() if suffix}
    written = [
        ToWrite(path, partial(held.rendered, result, names[path.suffix], color=False))
        for path in files
    ]
    screen = partial(held.rendered, result, format_name)
    code = held.exit_of_gate(result, strict=strict)
    raise typer.Exit(deliver(written, screen, code, commands=format_name == "github"))


def _check(format_name: str, files: list[Path]) -> None:
    """Complain about a format or a file before any work."""
    from attncheck.cli.output import check_places

    if format_name not in FORMATS:
        raise UsageError(
            f"no format '{format_name}' here", instead=did_you_mean(format_name, FORMATS)
        )
    for path in files:
        if not path.suffix or path.suffix not in FORMATS.values():
            raise UsageError(
                f"no format writes '{path.suffix}' files here",
                where=str(path),
                instead="write .json, .md or .txt",
            )
    check_places(files)
