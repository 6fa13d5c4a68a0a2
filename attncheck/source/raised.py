"""The subject's own line that raised an exception, or that is being executed now."""

from __future__ import annotations

import os
import sys
import traceback
from types import FrameType

import attncheck
from attncheck.data.report import Location

CELL = "<notebook cell "
"""How the name of a notebook's cell begins, where another has the name of a file."""
_OURS = os.path.dirname(attncheck.__file__)
_SUBJECTS_OF_OURS = tuple(os.path.join(_OURS, part) for part in ("reference", "published"))


def where_raised(error: BaseException) -> Location | None:
    """Return the innermost line of the traceback that is neither a library's nor attncheck's.

    Code in ``site-packages`` counts as a library unless nothing else is left: the module under
    audit may itself be installed.
    """
    frames = traceback.extract_tb(error.__traceback__)
    outside = [f for f in frames if f.lineno and not is_ours(f.filename) and is_file(f.filename)]
    user = [f for f in outside if not is_of_torch(f.filename)]
    if not user:
        return None
    frame = user[-1]
    return Location(
        frame.filename,
        frame.lineno or 0,
        note=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
    )


def is_own_refusal(error: BaseException) -> bool:
    """Say whether the subject's own line raises: an ``assert`` or a ``raise`` that says no."""
    traced, place = error.__traceback__, where_raised(error)
    while traced is not None and traced.tb_next is not None:
        traced = traced.tb_next
    if traced is None or place is None or not isinstance(error, (AssertionError, ValueError)):
        return False
    return place.path == traced.tb_frame.f_code.co_filename


def is_file(path: str) -> bool:
    """Say whether a name in a traceback is a file's, or a notebook's cell's."""
    return os.path.isfile(path) or path.startswith(CELL)


def is_ours(path: str) -> bool:
    """Say whether a file is attncheck's own, and no subject."""
    return path.startswith(_OURS) and not path.startswith(_SUBJECTS_OF_OURS)


def is_of_torch(path: str) -> bool:
    """Say whether a file is torch's or the standard library's."""
    return f"{os.sep}torch{os.sep}" in path or (
        f"{os.sep}lib{os.sep}python3" in path and ("site-packages" not in path)
    )


def line_now(note: str = "") -> Location | None:
    """Return the innermost line of the subject on the stack; None where only libraries run.

    Frames are read from the inside out, as far as attncheck's own call of the subject.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    while frame:
        path = frame.f_code.co_filename
        if is_ours(path):
            return None
        if not is_of_torch(path) and (path.startswith(CELL) or not path.startswith("<")):
            return Location(path, frame.f_lineno, note=note)
        frame = frame.f_back
    return None
