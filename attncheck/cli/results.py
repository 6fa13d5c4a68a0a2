"""Show and write what is no report of subjects: as a page of text, or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from attncheck.cli.files import write_whole
from attncheck.cli.streams import colourful, complain, say, width
from attncheck.errors import OutputError, UsageError, did_you_mean
from attncheck.formats import render_page
from attncheck.page import Page

FORMATS = {"text": ".txt", "json": ".json"}


def check(format_name: str, files: Sequence[Path]) -> None:
    """Complain about a format or a file before the work starts.

    Raises:
        UsageError: there is no such format.
        OutputError: there is no such folder.
    """
    if format_name not in FORMATS:
        raise UsageError(
            f"no format '{format_name}' here", instead=did_you_mean(format_name, FORMATS)
        )
    for path in files:
        if path.suffix not in FORMATS.values():
            raise UsageError(
                f"no format writes '{path.suffix}' files here", where=str(path), instead=".json"
            )
        if not path.resolve().parent.is_dir():
            raise OutputError("no such folder", where=str(path))


def show(result: Any, page: Page, format_name: str, files: Sequence[Path]) -> bool:
    """Show the result on standard output and write it to files; False where one failed."""
    data = msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"
    if format_name == "json":
        say(data.decode("utf-8"))
    else:
        say(render_page(page, color=colourful(sys.stdout), width=width()))
    written = True
    for path in files:
        text = render_page(page, color=False, width=width()).encode("utf-8")
        try:
            write_whole(path, data if path.suffix == ".json" else text)
        except OSError as error:
            complain(OutputError(f"cannot write: {error.strerror or error}", where=str(path)))
            written = False
    return written
