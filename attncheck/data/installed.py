"""Where Python's library lies, and what is installed beside it."""

from __future__ import annotations

import functools
import os
import sysconfig


@functools.cache
def installed_folders() -> tuple[str, ...]:
    """Return the real folders of Python's library and of packages; asked for file after file.

    First the library, whose folder may hold the others.
    """
    names = ("stdlib", "purelib", "platlib")
    return tuple(os.path.realpath(sysconfig.get_path(name)) for name in names)
