"""Read ``--input`` texts: ``2x32x8x6``, ``mask=2x8:pad-true``."""

from __future__ import annotations

import re

from attncheck.errors import UsageError, did_you_mean
from attncheck.target.calling import MEANINGS, GivenInput

_INPUT = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<shape>\d+(?:x\d+)*)(?::(?P<meaning>[\w-]+))?")


def parse_input(text: str) -> GivenInput:
    """Return the shape, keyword and mask meaning that the text says.

    Raises:
        UsageError: it says something else.
    """
    match = _INPUT.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"'{text}' is no input",
            where="--input",
            instead="write sizes: 2x32x8x6, NAME=2x32x8x6 for a keyword, 2x8:pad-true for a mask",
        )
    meaning = match["meaning"] or ""
    if meaning and meaning not in MEANINGS:
        raise UsageError(
            f"'{meaning}' is no meaning of a mask",
            where="--input",
            instead=did_you_mean(meaning, MEANINGS),
        )
    shape = tuple(int(size) for size in match["shape"].split("x"))
    return GivenInput(shape, match["name"] or "", meaning)
