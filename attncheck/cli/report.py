"""``attncheck report``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncheck.cli import options
from attncheck.cli.exits import Exit
from attncheck.cli.output import deliver
from attncheck.cli.streams import colourful, log, width
from attncheck.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from attncheck.commands.report.diff import ReportDifference
    from attncheck.data.report import Report

_DIFFS = {"text": ".txt", "json": ".json", "markdown": ".md"}


def report(
    reports: Annotated[
        list[str],
        typer.Argument(metavar="REPORT…", help="Reports as JSON, merged into one; - reads stdin."),
    ],
    format_name: options.ReportFormat = "text",
    output: options.ReportFiles = None,
    diff: Annotated[
        str, typer.Option("--diff", metavar="OTHER", help="Say what changed since this report.")
    ] = "",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the files, nothing on the screen.")
    ] = False,
) -> None:
    """Convert reports to another format, merge several, or compare two; nothing is audited.

    Exit status: 0 done, whatever the verdicts, 2 cannot be read or written, 3 reports that
    contradict each other were merged.
    """
    from attncheck.commands.report.merge import merge
    from attncheck.data.report_file import STDIN, read_report

    if [*reports, diff].count(STDIN) > 1:
        raise UsageError("standard input can be read once", where=STDIN)
    files = output or []
    merged = merge([(path, read_report(path)) for path in reports])
    for note in merged.notes:
        log(f"attncheck: {note}")
    for conflict in merged.conflicts:
        log(f"attncheck: the reports disagree: {conflict}")
    code = Exit.UNDECIDED if merged.conflicts else Exit.CONFORMS
    if diff:
        from attncheck.commands.report.diff import difference

        found = difference(read_report(diff), merged.report)
        code = _show_difference(found, format_name, files, code, quiet=quiet)
    else:
        code = _show(merged.report, format_name, files, code, quiet=quiet)
    raise typer.Exit(code)


def _show(found: Report, format_name: str, files: list[Path], code: Exit, *, quiet: bool) -> Exit:
    from attncheck.cli.output import hand_over, outputs
    from attncheck.formats import find_format

    shown = find_format(format_name)
    return hand_over(found, shown, outputs(files), code, screen=not quiet)


def _show_difference(
    found: ReportDifference, format_name: str, files: list[Path], code: Exit, *, quiet: bool
) -> Exit:
    from attncheck.cli.output import ToWrite, check_places

    if format_name not in _DIFFS:
        raise UsageError(
            f"a difference has no format '{format_name}'",
            where="--diff",
            instead=did_you_mean(format_name, _DIFFS),
        )
    names = {suffix: name for name, suffix in _DIFFS.items()}
    for path in files:
        if path.suffix not in names:
            raise UsageError(
                f"no difference is written as '{path.suffix}'",
                where=str(path),
                instead="write .txt, .md or .json",
            )
    check_places(files)
    written = [
        ToWrite(path, partial(_rendered, found, names[path.suffix], color=False)) for path in files
    ]
    screen = partial(_rendered, found, format_name, color=colourful(sys.stdout))
    return deliver(written, None if quiet else screen, code)


def _rendered(found: ReportDifference, format_name: str, *, color: bool) -> str:
    from attncheck.commands.report import page

    if format_name == "json":
        import msgspec

        return (msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n").decode("utf-8")
    if format_name == "markdown":
        return page.markdown_of(found)
    from attncheck.formats import render_page

    return render_page(page.page_of(found), color=color, width=width())
