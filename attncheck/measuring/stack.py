"""The subject's own line that is being executed now."""

from __future__ import annotations

import sys
from types import FrameType

from attncheck.report import Location
from attncheck.source.raised import is_of_torch, is_ours


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
        if not is_of_torch(path) and not path.startswith("<"):
            return Location(path, frame.f_lineno, note=note)
        frame = frame.f_back
    return None
