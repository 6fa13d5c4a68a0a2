"""Read ``--input`` texts: ``2x32x8x6``, ``mask=2x8:pad-true``."""

from __future__ import annotations

import math
import re

from attncheck.data.formula import shortened
from attncheck.errors import UsageError, did_you_mean
from attncheck.signature.convention import MEANINGS, GivenInput

_INPUT = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<shape>\d+(?:x\d+)*)(?::(?P<meaning>[\w-]+))?")

_MOST_AXES, _MOST_ENTRIES = 16, 2**50


def parse_input(text: str) -> GivenInput:
    """Return the shape, keyword and mask meaning that the text says.

    Raises:
        UsageError: it says something else.
    """
    match = _INPUT.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"'{shortened(text)}' is no input",
            where="--input",
            instead="write sizes: 2x32x8x6, NAME=2x32x8x6 for a keyword, 2x8:pad-true for a mask",
        )
    parts = match["shape"].split("x")
    if len(parts) > _MOST_AXES or any(len(part) > 10 for part in parts):
        raise UsageError(
            "too large an input", where="--input", instead=f"at most {_MOST_AXES} axes of 10^9"
        )
    shape = tuple(map(int, parts))
    if math.prod(shape) > _MOST_ENTRIES:
        raise UsageError(f"{math.prod(shape)} entries are too many", where="--input")
    meaning = match["meaning"] or ""
    if meaning and meaning not in MEANINGS:
        raise UsageError(
            f"'{meaning}' is no meaning of a mask",
            where="--input",
            instead=did_you_mean(meaning, MEANINGS),
        )
    return GivenInput(shape, match["name"] or "", meaning)
