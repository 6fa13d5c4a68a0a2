"""Show and write what is no report of subjects: as a page of text, or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from attncheck.cli.delivery import deliver
from attncheck.cli.exits import Exit
from attncheck.cli.files import ToWrite, check_places
from attncheck.cli.streams import colourful, width
from attncheck.errors import UsageError, did_you_mean
from attncheck.formats import render_page
from attncheck.page import Page

FORMATS = {"text": ".txt", "json": ".json"}


def check(format_name: str, files: Sequence[Path]) -> None:
    """Complain about a format or a file before the work starts.

    Raises:
        UsageError: there is no such format.
        OutputError: a file cannot be written.
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
    check_places(files)


def show(
    result: Any, page: Callable[[], Page], format_name: str, files: Sequence[Path], code: Exit
) -> Exit:
    """Write the result to files and show it on standard output; return the exit status.

    Args:
        result: what JSON holds.
        page: makes what a text shows.
        format_name: of the screen, one of :data:`FORMATS`.
        files: in the format of their suffixes.
        code: the status where all goes well.
    """

    def text(*, color: bool = False) -> str:
        return render_page(page(), color=color, width=width())

    def json() -> str:
        return (msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n").decode("utf-8")

    return deliver(
        [ToWrite(path, json if path.suffix == ".json" else text) for path in files],
        json if format_name == "json" else lambda: text(color=colourful(sys.stdout)),
        code,
    )
