"""Show a report on standard output, and on the page of the CI run where there is one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attncheck.cli.streams import colourful, log, say, width

if TYPE_CHECKING:
    from attncheck.formats import Format
    from attncheck.report import Report

MOST_BYTES = 1024 * 1024
"""What GitHub takes as the summary of one step."""

_CUT = "\n\n*Cut here: a summary takes 1 MiB. The rest is in the report.*\n"


def show(report: Report, format_: Format) -> None:
    """Print the report; annotations for GitHub also fill the step's summary."""
    say(format_.render(report, color=colourful(sys.stdout), width=width()))
    if format_.name == "github" and (path := os.environ.get("GITHUB_STEP_SUMMARY")):
        from attncheck.formats import find_format

        text = find_format("markdown").render(report, color=False, width=width())
        add_summary(Path(path), text)


def add_summary(path: Path, text: str) -> None:
    """Append Markdown to a step's summary, as much of it as there is room for."""
    try:
        there = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(fitting(text, MOST_BYTES - there).encode("utf-8"))
    except OSError as error:
        log(f"attncheck: {path}: cannot write the step's summary: {error.strerror}")


def fitting(text: str, most: int) -> str:
    """Return the text, or its beginning up to a heading, in at most this many bytes of UTF-8."""
    data = text.encode("utf-8")
    if len(data) <= most:
        return text
    room = most - len(_CUT.encode("utf-8"))
    if room <= 0:
        return ""
    start = data[:room].decode("utf-8", "ignore")
    # A heading stands outside of every table and fence, so nothing is left open.
    end = max(start.rfind("\n\n## "), start.rfind("\n\n### "), start.rfind("\n\n#### "))
    return start[: max(end, 0)] + _CUT
