"""Find the file of what a test names, so that a child process finds the same class."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from attncheck.errors import TargetError


def located(target: str | type | Any) -> str:
    """Return a target as ``attncheck audit`` takes it, relative to the working folder.

    Raises:
        TargetError: the class is defined inside a function, or has no source file.
    """
    if not isinstance(target, str):
        return _of_object(target)
    place, colon, name = target.rpartition(":")
    if not colon:
        return target
    if place.endswith(".py"):
        return f"{_beside_the_test(place)}:{name}"
    return f"{_module_file(place)}:{name}"


def _of_object(target: Any) -> str:
    name = getattr(target, "__qualname__", "")
    try:
        file = inspect.getsourcefile(target)
    except TypeError:
        file = None
    if not file or not name or "<" in name:
        raise TargetError(
            f"{target!r} cannot be imported by another process",
            instead="define it at the top of a file, or name it: 'path/to/file.py:Class'",
        )
    return f"{_from_here(Path(file))}:{name}"


def _beside_the_test(place: str) -> str:
    """Return a relative path as it is seen from here: from the test's folder, or one above."""
    path = Path(place).expanduser()
    if path.is_absolute() or path.exists():
        return place
    for folder in _caller().parents:
        if (folder / path).is_file():
            return _from_here(folder / path)
    return place


def _module_file(module: str) -> str:
    """Return the file of a module that pytest's own path finds, else the dotted name."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None or not found.origin or not found.origin.endswith(".py"):
        return module
    return _from_here(Path(found.origin))


def _caller() -> Path:
    """Return the file outside this package that asks."""
    frame: FrameType | None = sys._getframe()
    package = str(Path(__file__).parent)
    while frame is not None and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
    return Path(frame.f_code.co_filename if frame else ".").resolve()


def _from_here(path: Path) -> str:
    path = path.resolve()
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
