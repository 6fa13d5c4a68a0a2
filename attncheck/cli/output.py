"""What the commands show and write: reports, profiles, results, pages.

Files are looked at before the work starts, and written whole or not at all. A page goes to standard
output in colour where it is wanted, and to the summary of the CI run where there is one.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import typer

from attncheck.cli.exits import Exit
from attncheck.cli.streams import colourful, complain, log, say, width
from attncheck.data.page import Page
from attncheck.data.report import Report, encode
from attncheck.errors import AttncheckError, OutputError, UsageError, did_you_mean, reason_of
from attncheck.formats import Format, find_format, format_for_file, render_page
from attncheck.formats.shared.page_tables import PAGE_FORMATS
from attncheck.formats.shared.plain import NEAREST

FORMATS = {
    "text": ".txt",
    "json": ".json",
    **{name: one.suffix for name, one in PAGE_FORMATS.items()},
}

MOST_BYTES = 1024 * 1024
"""What GitHub takes as the summary of one step."""

_CUT = "\n\n*Cut here: a summary takes 1 MiB. The rest is in the report.*\n"


@dataclass(frozen=True)
class ToWrite:
    """A file, and what makes its content."""

    path: Path
    content: Callable[[], str | bytes]


@dataclass(frozen=True)
class OutputFile:
    """A file to write, and the format that its suffix names."""

    path: Path
    format: Format

    def to_write(self, report: Report) -> ToWrite:
        """Return the file with what makes its content."""
        return ToWrite(self.path, lambda: self.format.render(report, color=False, width=width()))


def outputs(paths: list[Path]) -> list[OutputFile]:
    """Return the files that ``-o`` names, each shown to be writable.

    Raises:
        UsageError: no format writes such a suffix.
        OutputError: a file cannot be written there.
    """
    found: list[OutputFile] = []
    for path in paths:
        format_ = format_for_file(path.name)
        found.append(OutputFile(path, format_))
    check_places(paths)
    return found


def check_places(paths: Sequence[Path]) -> None:
    """Complain now about files that could not be written later.

    Raises:
        OutputError: one cannot, or is named twice.
    """
    places = [os.path.realpath(path) for path in paths]
    for path, place in zip(paths, places, strict=True):
        if places.count(place) > 1:
            raise OutputError("named twice", where=str(path), instead="name each file once")
        try:
            _try(Path(place))
        except (OSError, ValueError) as error:
            raise cannot(path, error) from None


def write_whole(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    A link stays a link; a device or a pipe is written to as it is. What is not ``lasting``
    outlives this process and not the machine: it is written anew in a moment.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _try(path: Path) -> None:
    """Raise OSError now if writing could not work later."""
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder")
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(13, "may not be written")
    if path.is_symlink():
        raise OSError(40, "is a link to itself")
    if path.exists() and not path.is_file():
        return
    with tempfile.TemporaryFile(dir=path.parent):
        pass


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def cannot(path: Path, error: Exception) -> OutputError:
    """Return the error of a file that cannot be written."""
    gone = isinstance(error, FileNotFoundError)
    instead = "create the folder first, or name another" if gone else ""
    return OutputError(f"cannot write it: {reason_of(error)}", where=str(path), instead=instead)


class PageShown:
    """What to do with a report whose text is a page of its own.

    Args:
        format_name: of the screen; ``text`` is the page.
        paths: files to write.
        page: makes it.
        tables: names of :data:`PAGE_FORMATS` in which the page is shown, not the report.

    Raises:
        UsageError, OutputError: a format is not there, or a file cannot be written.
    """

    def __init__(
        self,
        format_name: str,
        paths: list[Path],
        page: Callable[[Report], Page],
        tables: Sequence[str] = tuple(PAGE_FORMATS),
    ) -> None:
        self._tables = {name: PAGE_FORMATS[name] for name in tables}
        self._name = format_name
        self._format = find_format("text" if format_name in tables else format_name)
        endings = {one.suffix: one for one in self._tables.values()}
        self._pages = [(path, endings[path.suffix]) for path in paths if path.suffix in endings]
        self._files = outputs([path for path in paths if path.suffix not in endings])
        check_places(paths)
        self._page_of = page

    def save(self, report: Report) -> None:
        """Write what is known so far to the JSON files, marked partial: a crash loses nothing."""
        save_so_far(self._files, report)

    def show(self, report: Report, code: Exit) -> Exit:
        """Write and show the report; return the exit status, ``code`` where all goes well."""
        return deliver(
            [
                ToWrite(file.path, partial(self._page, report, color=False))
                if file.format.name == "text"
                else file.to_write(report)
                for file in self._files
            ]
            + [
                ToWrite(path, lambda one=one: one.text(self._page_of(report)))  # type: ignore[misc]
                for path, one in self._pages
            ],
            lambda: self._screen(report),
            code,
            commands=self._format.name == "github",
        )

    def _screen(self, report: Report) -> str:
        if self._name in self._tables:
            return self._tables[self._name].text(self._page_of(report))
        color = colourful(sys.stdout)
        if self._format.name == "text":
            return self._page(report, color=color)
        return self._format.render(report, color=color, width=width())

    def _page(self, report: Report, *, color: bool) -> str:
        return render_page(self._page_of(report), color=color, width=width())


def save_so_far(files: Sequence[OutputFile], report: Report) -> None:
    """Write what is known so far to the JSON files, marked partial: a crash loses nothing."""
    data = encode(msgspec.structs.replace(report, partial=True))
    for file in files:
        regular = file.path.is_file() or not file.path.exists()
        if file.format.name == "json" and regular:
            with contextlib.suppress(OSError):  # the end says so
                write_whole(file.path, data, lasting=False)


def check_result(format_name: str, files: Sequence[Path]) -> None:
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


def show_result(
    result: Any, page: Callable[[], Page], format_name: str, files: Sequence[Path], code: Exit
) -> Exit:
    """Write the result to files and show it on standard output; return the exit status.

    Args:
        result: what JSON holds.
        page: makes what a text, or Markdown, shows.
        format_name: of the screen, one of :data:`FORMATS`.
        files: in the format of their suffixes.
        code: the status where all goes well.
    """

    def text(*, color: bool = False) -> str:
        return render_page(page(), color=color, width=width())

    def json() -> str:
        return (msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n").decode("utf-8")

    plain: dict[str, Callable[[], str]] = {".json": json, ".txt": text}
    for one in PAGE_FORMATS.values():
        plain[one.suffix] = partial(lambda make: make(page()), one.text)
    suffix = FORMATS[format_name]
    return deliver(
        [ToWrite(path, plain[path.suffix]) for path in files],
        partial(text, color=colourful(sys.stdout)) if suffix == ".txt" else plain[suffix],
        code,
    )


def hand_over(
    report: Report, format_: Format, files: Sequence[OutputFile], code: Exit, *, screen: bool
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


def deliver(
    files: Sequence[ToWrite],
    screen: Callable[[], str] | None,
    code: Exit = Exit.CONFORMS,
    *,
    commands: bool = False,
) -> Exit:
    """Write every file that can be, then show the result; return the exit status.

    A screen that breaks changes nothing where the files hold the result; a file that cannot be
    written, or a result that is to be seen nowhere, does.

    Args:
        files: what to write.
        screen: makes the text for standard output; None for nothing.
        code: the status where all goes well.
        commands: whether the text holds workflow commands of ours.
    """
    written = [_written(file) for file in files]
    shown = screen is None or _shown(screen, commands=commands)
    return code if all(written) and (shown or files) else Exit.FAILED


def _written(file: ToWrite) -> bool:
    try:
        write_whole(file.path, _bytes(file.content()))
    except OSError as error:
        complain(cannot(file.path, error))
    except AttncheckError as error:
        complain(error)
    except Exception as error:
        mistake(error, f"{file.path} is not written")
    else:
        return True
    return False


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8", NEAREST) if isinstance(content, str) else content


def _shown(screen: Callable[[], str], *, commands: bool) -> bool:
    try:
        return say(screen(), commands=commands)
    except AttncheckError as error:
        complain(error)
    except Exception as error:
        mistake(error, "the result is not shown")
    return False


def mistake(error: BaseException, consequence: str = "") -> None:
    """Tell of a mistake of our own, and what it costs."""
    cost = f"{consequence}: " if consequence else ""
    log(f"attncheck: {cost}this is a mistake in attncheck: {type(error).__name__}: {error}")
    if "--debug" in sys.argv:
        log("".join(traceback.format_exception(error)))
    else:
        log("  run it again with --debug and report what it says")


def show_page(page: Page) -> None:
    """Print a page."""

    screen = partial(render_page, page, color=colourful(sys.stdout), width=width())
    raise typer.Exit(deliver([], screen))
