"""Standard input, output and error where whoever started the command closed them."""

from __future__ import annotations

import os
import sys


def fill() -> None:
    """Open what is closed of descriptors 0, 1 and 2 on the null device.

    Otherwise the next file that is opened gets such a number, and what is meant for the screen is
    written into it. A stream that was closed is one that nobody wants to read.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
