"""Find the file of what a test names by a text, so that a child process finds the same class."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import FrameType


def located(target: str) -> str:
    """Return a target as ``attncheck audit`` takes it, relative to the working folder."""
    place, colon, name = target.rpartition(":")
    if not colon:
        return target
    if place.endswith(".py"):
        return f"{_beside_the_test(place)}:{name}"
    return f"{_module_file(place)}:{name}"


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
