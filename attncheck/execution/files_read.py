"""What a child reads of its subject: files that are opened, modules that are loaded or missed.

An answer stays true as long as these are what they were. Installed packages are left out, but for
the one that the subject is of: their versions tell.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attncheck
from attncheck.data.installed import installed_folders

MOST = 20_000
"""Files of a subject and of all that it imports."""
_NO_FILES = ("/proc/", "/sys/", "/dev/")


def noted(target: str) -> Callable[[], list[str]]:
    """Return what tells which files this process has read from now on, those not found included.

    There is no way to stop it: for a process that works on one subject and ends. Where they are
    too many, asking raises OverflowError.

    Args:
        target: of the subject.
    """
    own = re.split(r"[./:]", target.rpartition("-packages/")[2])[0]
    opened: set[str] = set()
    wanted: set[str] = set()
    before = frozenset(sys.modules)
    absolute, isinstance_, text, number = os.path.abspath, isinstance, str, int

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            writes = (flags if isinstance_(flags, number) else 0) & 3
            if isinstance_(path, text) and not writes and len(opened) <= MOST:
                opened.add(path if path[:1] == "/" else absolute(path))
        elif event == "import" and len(wanted) <= MOST:
            wanted.add(args[0])

    def files() -> list[str]:
        found = {_source(path) for path in tuple(opened)}
        loaded = [sys.modules.get(name) for name in tuple(sys.modules) if name not in before]
        found |= {path for one in loaded if isinstance(path := _file(one), str)}
        found |= {*_candidates(name for name in tuple(wanted) if name not in sys.modules)}
        if len(found) > MOST:
            raise OverflowError("more files than any subject reads")
        return sorted(path for path in found if _counts(path, own))

    sys.addaudithook(hook)
    return files


def _file(module: Any) -> Any:
    return getattr(module, "__dict__", {}).get("__file__")


def _source(path: str) -> str:
    """Return the source of a file of byte code, which is read in its place."""
    if path.endswith(".pyc"):
        with contextlib.suppress(ValueError, NotImplementedError):
            return importlib.util.source_from_cache(path)
    return path


def _candidates(missing: Iterable[str]) -> Iterator[str]:
    """Yield where modules that were not found would stand, outside of what is installed."""
    roots = [one for one in sys.path if os.path.isdir(one) and not _is_installed(one)]
    for name in missing:
        parent, _, last = str(name).rpartition(".")
        places = getattr(sys.modules.get(parent), "__path__", None) if parent else roots
        for place in places or ():
            if isinstance(place, str):
                yield os.path.join(place, f"{last}.py")
                yield os.path.join(place, last, "__init__.py")


def _is_installed(folder: str) -> bool:
    return any(folder.startswith(own) for own in installed_folders())


def _counts(path: str, own: str) -> bool:
    """Say whether a file is neither the system's, Python's nor attncheck's, and not installed.

    Args:
        path: absolute.
        own: the installed package that is asked about; "" for none.
    """
    if path.startswith(_NO_FILES) or not path.startswith(os.sep) or "\0" in path:
        return False
    library, *packages = (f"{one}{os.sep}" for one in installed_folders())
    if any(path.startswith(one) for one in packages):
        inside = next(path[len(one) :] for one in packages if path.startswith(one))
        return own not in ("", "torch", "attncheck") and own == _top(inside)
    return not path.startswith((library, *own_places()))


def _top(inside: str) -> str:
    return inside.partition(os.sep)[0].partition(".")[0]


@functools.cache
def own_places() -> tuple[str, ...]:
    """Return the folders of attncheck: its code, and its specs beside it."""
    package = Path(attncheck.__file__).resolve().parent
    return f"{package}{os.sep}", f"{package.parent / 'specs'}{os.sep}"
