"""Turn what rich can draw into text of a given width, with or without colour."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from rich.console import Console, RenderableType

_TRAILING = re.compile(r"[ \t]+(?=(?:\x1b\[0m)?$)", re.MULTILINE)


NARROWEST = 40
"""Columns that every screen is drawn for at least; what is narrower breaks the lines itself."""


def drawn(parts: Iterable[RenderableType], *, color: bool, width: int) -> str:
    """Return the parts below each other, wrapped at ``width`` columns, ending in a newline.

    Only the terminal's own sixteen colours are used, so that its theme stays readable.
    """
    out = io.StringIO()
    console = Console(
        file=out,
        force_jupyter=False,  # it is a text that is wanted, also in a notebook
        width=max(width, NARROWEST),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},  # all is said here
    )
    for part in parts:
        console.print(part)
    return _TRAILING.sub("", out.getvalue()).rstrip("\n") + "\n"
