"""Read a file that a person names: a regular one, of bounded size, as text; or say why not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from attncheck.errors import AttncheckError, UsageError, reason_of

MOST_BYTES = 256 * 2**20
"""Of any file; reports of thousands of subjects have tens of megabytes."""

_OWN = ("/dev/stdin", "/dev/fd/")
"""What whoever types the command hands over himself: a pipe is as good as a file there."""


def named_path(text: str, error: type[AttncheckError] = UsageError) -> Path:
    """Return the path that a text means, ``~`` filled in.

    Raises:
        error: it begins with a user that is not there, or is no path at all.
    """
    if not text or "\0" in text:
        raise error("is no path", where=repr(text))
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise error(f"there is no user '{Path(text).parts[0][1:]}'", where=text) from None


def read_bytes(
    path: str | Path,
    error: type[AttncheckError] = UsageError,
    *,
    most: int = MOST_BYTES,
    instead: str = "",
) -> bytes:
    """Return what a file holds.

    A pipe or a device is not waited for, unless it is one's own (``/dev/stdin``, ``<(…)``).

    Args:
        path: the file.
        error: what to raise.
        most: how many bytes are read; a larger file is refused.
        instead: what the error says where there is no such file.

    Raises:
        error: it cannot be read, is no file, or too large.
    """
    own = str(path).startswith(_OWN)
    try:
        number = os.open(path, os.O_RDONLY | (0 if own else getattr(os, "O_NONBLOCK", 0)))
        with os.fdopen(number, "rb") as file:
            mode = os.fstat(number).st_mode
            if stat.S_ISDIR(mode):
                raise error("is a folder, not a file", where=str(path))
            if not (own or stat.S_ISREG(mode)):
                raise error("is no regular file", where=str(path))
            data = file.read(most + 1)
    except (OSError, ValueError) as failure:
        raise error(
            f"cannot be read: {reason_of(failure)}",
            where=str(path).replace("\0", "\\0"),
            instead=instead,
        ) from None
    if len(data) > most:
        raise error(f"is larger than {most // 2**20} MiB", where=str(path))
    return data


def read_text(
    path: str | Path, error: type[AttncheckError] = UsageError, *, most: int = MOST_BYTES
) -> str:
    """Return the text of a file in UTF-8.

    Raises:
        error: it cannot be read, or is no text in UTF-8.
    """
    data = read_bytes(path, error, most=most)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as failure:
        line = data.count(b"\n", 0, failure.start) + 1
        raise error(
            f"byte 0x{data[failure.start]:02x} is no UTF-8",
            where=f"{path}:{line}",
            instead="save it as UTF-8",
        ) from None
