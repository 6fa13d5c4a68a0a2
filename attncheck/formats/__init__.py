"""Formats: one way of showing a report per file. Found by file name, or by entry point.

A format is a module here that holds ``FORMAT``, or an installed object in the entry-point group
``attncheck.formats``. Packages beside them (``terminal``) hold what a format is made of.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attncheck.data.page import Page
from attncheck.data.report import Report
from attncheck.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

_GROUP = "attncheck.formats"


@runtime_checkable
class Format(Protocol):
    """One way of showing a report."""

    name: str
    """What ``--format`` takes; a built-in's is its file's name."""
    suffixes: tuple[str, ...]
    """Endings of files that ``-o`` writes in this format, with the dot."""

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report as text that ends in a newline.

        Args:
            report: what a command found.
            color: whether ANSI colours may be used.
            width: columns to wrap at, where the format wraps.
        """
        ...


def entry_points(group: str) -> EntryPoints:
    """Return the installed plugins of a group; looking costs more than reading a report."""
    from importlib import metadata

    return metadata.entry_points(group=group)


def _built_in() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.ispkg)


def format_names() -> list[str]:
    """Return the name of every format, sorted, without importing any."""
    return sorted({*_built_in(), *(point.name for point in entry_points(group=_GROUP))})


def find_format(name: str) -> Format:
    """Return the format of this name, ours first, then installed plugins'.

    Raises:
        UsageError: there is none.
    """
    if name in _built_in():
        found = importlib.import_module(f"{__name__}.{name}").FORMAT
        assert isinstance(found, Format)
        return found
    for point in entry_points(group=_GROUP):
        if point.name == name:
            loaded = point.load()
            if isinstance(loaded, Format):
                return loaded
            raise UsageError(
                f"the plugin '{name}' is no format",
                where=point.value,
                instead="it needs name, suffixes and render(report, *, color, width)",
            )
    raise UsageError(f"unknown format '{name}'", instead=did_you_mean(name, format_names()))


def all_formats() -> Iterator[Format]:
    """Yield every format, sorted by name."""
    for name in format_names():
        yield find_format(name)


def format_for_file(name: str) -> Format:
    """Return the format that ``-o FILE`` writes, by the longest ending that the name has.

    ``a.json`` is a report, ``a.benchmark.json`` pytest-benchmark's.

    Raises:
        UsageError: no format writes such files.
    """
    known: dict[str, Format] = {}
    for format_ in all_formats():
        for one in format_.suffixes:
            known.setdefault(one, format_)
    fitting = [ending for ending in known if name.lower().endswith(ending)]
    if fitting:
        return known[max(fitting, key=len)]
    suffix = PurePath(f"x{name}").suffix
    raise UsageError(f"no format writes '{suffix}' files", instead=did_you_mean(suffix, known))


def render_page(page: Page, *, color: bool, width: int) -> str:
    """Return a page of ``list``, ``explain`` or ``env`` for a terminal."""
    from attncheck.formats.terminal.pages import render_page as draw

    return draw(page, color=color, width=width)


def writable(text: str, encoding: str | None) -> str:
    """Return the text as the stream's encoding can write it: ✗ becomes x in ASCII."""
    from attncheck.formats.shared.plain import writable as replaced

    return replaced(text, encoding)
