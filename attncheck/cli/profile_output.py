"""Where a profile goes: the screen, and files that are kept up to date while it is measured."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from attncheck.cli.delivery import deliver
from attncheck.cli.exits import Exit
from attncheck.cli.files import Output, ToWrite, outputs, write_whole
from attncheck.cli.streams import colourful, width
from attncheck.formats import find_format, render_page
from attncheck.formats.shared.profiles import profile_page
from attncheck.report import Report, encode


class Shown:
    """What to do with the report.

    Args:
        format_name: of the screen; ``text`` is the page of figures.
        paths: files to write.
        sort: of the rows on the page.

    Raises:
        UsageError, OutputError: a format is not there, or a file cannot be written.
    """

    def __init__(self, format_name: str, paths: list[Path], sort: str) -> None:
        self._format = find_format(format_name)
        self._files: list[Output] = outputs(paths)
        self._sort = sort

    def save(self, report: Report) -> None:
        """Write what is known so far to the JSON files, marked partial: a crash loses nothing."""
        partial, report.partial = report.partial, True
        try:
            data = encode(report)
        finally:
            report.partial = partial
        for file in self._files:
            if file.path.suffix == ".json":
                try:
                    write_whole(file.path, data)
                except OSError:
                    return  # the end says so

    def show(self, report: Report, code: Exit) -> Exit:
        """Write and show the report; return the exit status, ``code`` where all goes well."""
        return deliver(
            [
                ToWrite(file.path, partial(self._page, report, color=False))
                if file.format.name == "text"
                else file.to_write(report)
                for file in self._files
            ],
            lambda: self._screen(report),
            code,
            commands=self._format.name == "github",
        )

    def _screen(self, report: Report) -> str:
        color = colourful(sys.stdout)
        if self._format.name == "text":
            return self._page(report, color=color)
        return self._format.render(report, color=color, width=width())

    def _page(self, report: Report, *, color: bool) -> str:
        return render_page(profile_page(report, self._sort), color=color, width=width())
