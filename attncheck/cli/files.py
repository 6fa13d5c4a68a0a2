"""Report files: looked at before the work starts, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from attncheck.cli.streams import width
from attncheck.errors import OutputError, reason_of
from attncheck.formats import Format, format_for_file
from attncheck.report import Report


@dataclass(frozen=True)
class ToWrite:
    """A file, and what makes its content."""

    path: Path
    content: Callable[[], str | bytes]


@dataclass(frozen=True)
class Output:
    """A file to write, and the format that its suffix names."""

    path: Path
    format: Format

    def to_write(self, report: Report) -> ToWrite:
        """Return the file with what makes its content."""
        return ToWrite(self.path, lambda: self.format.render(report, color=False, width=width()))


def outputs(paths: list[Path]) -> list[Output]:
    """Return the files that ``-o`` names, each shown to be writable.

    Raises:
        UsageError: no format writes such a suffix.
        OutputError: a file cannot be written there.
    """
    found: list[Output] = []
    for path in paths:
        format_ = format_for_file(path.name)
        found.append(Output(path, format_))
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


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    A link stays a link; a device or a pipe is written to as it is.
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
