"""Where a profile goes: the screen, and files that are kept up to date while it is measured."""

from __future__ import annotations

import sys
from pathlib import Path

from attncheck.cli.files import Output, outputs, write_whole
from attncheck.cli.streams import colourful, complain, say, width
from attncheck.errors import OutputError
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

    def show(self, report: Report) -> None:
        """Show the report."""
        if self._format.name == "text":
            say(self._page(report, color=colourful(sys.stdout)))
        else:
            say(self._format.render(report, color=colourful(sys.stdout), width=width()))

    def write(self, report: Report) -> bool:
        """Write the files; False where one could not be."""
        written = True
        for file in self._files:
            try:
                if file.format.name == "text":
                    write_whole(file.path, self._page(report, color=False).encode("utf-8"))
                else:
                    file.write(report)
            except OSError as error:
                complain(OutputError(f"cannot write: {error.strerror}", where=str(file.path)))
                written = False
            except OutputError as error:
                complain(error)
                written = False
        return written

    def _page(self, report: Report, *, color: bool) -> str:
        return render_page(profile_page(report, self._sort), color=color, width=width())
