"""Where attncheck keeps what it found on this machine."""

from __future__ import annotations

import os
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
