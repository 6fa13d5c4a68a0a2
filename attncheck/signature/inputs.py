"""Read ``--input`` texts: ``2x32x8x6``, ``NBC:7x2x48``, ``mask=2x8:pad-true``, ``causal=True``."""

from __future__ import annotations

import ast
import math
import re

from attncheck.data.formula import shortened
from attncheck.errors import UsageError, did_you_mean
from attncheck.signature.convention import LENGTHS, MEANINGS, GivenInput

_INPUT = re.compile(
    r"(?:(?P<name>[A-Za-z_]\w*)=)?(?:(?P<axes>[A-Za-z1]+):)?"
    r"(?P<shape>\d+(?:x\d+)*)(?::(?P<meaning>[\w-]+))?"
)
_FLAG = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.+)")

_MOST_AXES, _MOST_ENTRIES, _LONGEST = 16, 2**50, 200


def parse_input(text: str) -> GivenInput:
    """Return the shape, keyword and mask meaning that the text says.

    Raises:
        UsageError: it says something else.
    """
    match = _INPUT.fullmatch(text.strip())
    if match is None:
        return _flag(text)
    parts = match["shape"].split("x")
    if len(parts) > _MOST_AXES or any(len(part) > 10 for part in parts):
        raise UsageError(
            "too large an input", where="--input", instead=f"at most {_MOST_AXES} axes of 10^9"
        )
    shape = tuple(map(int, parts))
    if math.prod(shape) > _MOST_ENTRIES:
        raise UsageError(f"{math.prod(shape)} entries are too many", where="--input")
    meaning = match["meaning"] or ""
    if meaning and meaning not in (*MEANINGS, LENGTHS):
        raise UsageError(
            f"'{meaning}' is no meaning of a mask",
            where="--input",
            instead=did_you_mean(meaning, (*MEANINGS, LENGTHS)),
        )
    axes = tuple(match["axes"] or "")
    if axes and (len(axes) != len(shape) or len(set(axes) - {"1"}) < len(axes) - axes.count("1")):
        raise UsageError(
            f"'{match['axes']}' are not the axes of {match['shape']}",
            where="--input",
            instead="write one letter for each size: NBC:7x2x48",
        )
    return GivenInput(shape, match["name"] or "", meaning, axes)


def input_text(given: GivenInput) -> str:
    """Return the text that :func:`parse_input` reads so.

    >>> input_text(parse_input("mask=NB:7x2:pad-true")), input_text(parse_input("causal=True"))
    ('mask=NB:7x2:pad-true', 'causal=True')
    """
    name = f"{given.name}=" if given.name else ""
    if given.literal:
        return name + given.literal
    axes = f"{''.join(given.axes)}:" if given.axes else ""
    meaning = f":{given.meaning}" if given.meaning else ""
    return f"{name}{axes}{'x'.join(map(str, given.shape))}{meaning}"


def _flag(text: str) -> GivenInput:
    """Return an argument of the call that is no tensor: ``causal=True``."""
    match = _FLAG.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        value = ast.literal_eval(match["value"])
        if len(match["value"]) > _LONGEST:
            raise ValueError
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise UsageError(
            f"'{shortened(text)}' is no input",
            where="--input",
            instead="write sizes: 2x32x8x6, NAME=2x32x8x6 for a keyword, NBC:7x2x48 to say which "
            "axes they are, 2x8:pad-true for a mask, or a flag: causal=True",
        ) from None
    return GivenInput(name=match["name"], literal=repr(value))
