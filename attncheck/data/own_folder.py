"""Where attncheck keeps what it found on this machine."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def own_folder() -> Path:
    """Return ``$ATTNCHECK_HOME``, or a folder in the user's cache.

    Raises:
        FileNotFoundError: no home folder of the user is known.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    place = os.environ.get("ATTNCHECK_HOME") or os.path.join(cache, "attncheck")
    try:
        return Path(place).expanduser()
    except RuntimeError:
        raise FileNotFoundError(2, "there is no such home folder", place) from None


def own_bytes(path: Path, most: int) -> bytes:
    """Return a file's bytes if it is one that we wrote: a regular file of ours, and no link.

    Raises:
        OSError: it is none, or holds more than ``most``.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        told = os.fstat(file.fileno())
        if not stat.S_ISREG(told.st_mode) or told.st_size > most:
            raise OSError("it is no file that attncheck wrote")
        if hasattr(os, "getuid") and told.st_uid != os.getuid():
            raise OSError("it belongs to another user")
        return file.read(most)


def write_own(path: Path, data: bytes) -> None:
    """Write a file of ours: readers see the old one or the new one, never a part.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, path)
