"""``attncheck gate`` and ``attncheck baseline``."""

from __future__ import annotations

import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from attncheck.cli import held
from attncheck.cli.delivery import deliver
from attncheck.cli.exits import Exit
from attncheck.cli.streams import log
from attncheck.errors import UsageError, did_you_mean

FORMATS = {"text": ".txt", "json": ".json", "markdown": ".md", "github": ""}

_Accepted = Annotated[
    Path | None,
    typer.Option(
        "--accepted",
        metavar="FILE",
        help="Reviewed violations; accepted.toml beside the baseline where there is one.",
    ),
]


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
    accepted: _Accepted = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Undecided counts as regressed.")
    ] = False,
    format_name: Annotated[
        str, typer.Option("--format", help="text, json, markdown or github.")
    ] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it as .json, .md or .txt."),
    ] = None,
) -> None:
    """Compare a report with a baseline: holds, regressed or undecided.

    Exit status: 0 holds, 1 regressed, 2 cannot be compared, 3 undecided.
    """
    from attncheck.cli.files import ToWrite
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


def baseline(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report as JSON.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="BASE", help="The baseline to write.")
    ],
    accepted: _Accepted = None,
) -> None:
    """Make a report the baseline of later gates.

    Refused where it was interrupted, or something is violated or undecided that no reviewed
    entry accepts. Exit status: 0 written, 1 refused, 2 could not be read or written.
    """
    from attncheck.baseline import refusals
    from attncheck.cli.files import ToWrite, check_places
    from attncheck.gate import load_report
    from attncheck.report_file import sealed

    found = load_report(report)
    entries, path = held.accepted_entries(accepted, output)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    if reasons := list(refusals(found, entries, today)):
        log(f"attncheck: {report} may not become a baseline:")
        for reason in reasons:
            log(f"  {reason}")
        log(f"  mend it, or accept it with a reason and an end in {path}")
        raise typer.Exit(Exit.VIOLATES)
    if output.suffix != ".json":
        raise UsageError("a baseline is JSON", where=str(output), instead="write baseline.json")
    check_places([output])
    code = deliver([ToWrite(output, partial(sealed, found))], None)
    if code is not Exit.CONFORMS:
        raise typer.Exit(code)
    count = sum(len(subject.findings) for subject in found.subjects)
    log(f"attncheck: {output}: {len(found.subjects)} subjects, {count} claims")


def _check(format_name: str, files: list[Path]) -> None:
    """Complain about a format or a file before any work."""
    from attncheck.cli.files import check_places

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
