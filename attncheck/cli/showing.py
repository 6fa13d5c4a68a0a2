"""Hand over a report: to its files, to the page of the CI run where there is one, to the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attncheck.cli.delivery import deliver, mistake
from attncheck.cli.exits import Exit
from attncheck.cli.streams import colourful, log, width
from attncheck.formats.shared.plain import NEAREST

if TYPE_CHECKING:
    from attncheck.cli.files import Output
    from attncheck.formats import Format
    from attncheck.report import Report

MOST_BYTES = 1024 * 1024
"""What GitHub takes as the summary of one step."""

_CUT = "\n\n*Cut here: a summary takes 1 MiB. The rest is in the report.*\n"


def hand_over(
    report: Report, format_: Format, files: Sequence[Output], code: Exit, *, screen: bool
) -> Exit:
    """Write and show the report; annotations for GitHub also fill the step's summary.

    Args:
        report: what a command found.
        format_: of the screen.
        files: to be written first.
        code: the exit status where all goes well, which is returned then.
        screen: whether to show it at all.
    """

    def shown() -> str:
        if format_.name == "github" and (path := os.environ.get("GITHUB_STEP_SUMMARY")):
            _summarise(report, Path(path))
        return format_.render(report, color=colourful(sys.stdout), width=width())

    written = [file.to_write(report) for file in files]
    commands = format_.name == "github"
    return deliver(written, shown if screen else None, code, commands=commands)


def _summarise(report: Report, path: Path) -> None:
    from attncheck.formats import find_format

    try:
        add_summary(path, find_format("markdown").render(report, color=False, width=width()))
    except Exception as error:
        mistake(error, "the step has no summary")


def add_summary(path: Path, text: str) -> None:
    """Append Markdown to a step's summary, as much of it as there is room for."""
    try:
        there = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(fitting(text, MOST_BYTES - there).encode("utf-8", NEAREST))
    except OSError as error:
        log(f"attncheck: {path}: cannot write the step's summary: {error.strerror}")


def fitting(text: str, most: int) -> str:
    """Return the text, or its beginning up to a heading, in at most this many bytes of UTF-8."""
    data = text.encode("utf-8", NEAREST)
    if len(data) <= most:
        return text
    room = most - len(_CUT.encode("utf-8"))
    if room <= 0:
        return ""
    start = data[:room].decode("utf-8", "ignore")
    # A heading stands outside of every table and fence, so nothing is left open.
    end = max(start.rfind("\n\n## "), start.rfind("\n\n### "), start.rfind("\n\n#### "))
    return start[: max(end, 0)] + _CUT
