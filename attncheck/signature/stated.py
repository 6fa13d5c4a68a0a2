"""Read ``--input`` texts of a call as it is written: in the order of ``forward``, of any kind.

``2x3x640x640``, ``ids=2x9:int``, ``[1x64x8x8,1x32x16x16]``, ``{p3:1x64x8x8}``, ``(8,6)``, ``True``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from attncheck.data.formula import shortened
from attncheck.errors import UsageError
from attncheck.signature.convention import GivenInput
from attncheck.signature.inputs import parse_input

KINDS = ("float", "int", "bool", "number")
"""What a shape may be of; ``number``: no tensor, but the one size that is written."""
_NAMED = re.compile(r"([A-Za-z_]\w*)=(?!=)(.*)", re.DOTALL)
_SHAPE = re.compile(r"(?P<shape>(?:[A-Za-z1]+:)?\d+(?:x\d+)*(?::[\w-]+)?)")
_CLOSES = {"[": "]", "(": ")", "{": "}"}
_LONGEST, _DEEPEST = 10_000, 8


@dataclass(frozen=True)
class StatedShape:
    """A tensor of this shape.

    Attributes:
        given: its sizes, and its meaning where it is a mask.
        kind: one of :data:`KINDS` where it is said, "" where only trying can tell.
    """

    given: GivenInput
    kind: str = ""


@dataclass(frozen=True)
class StatedArgument:
    """One argument of ``forward``.

    Attributes:
        text: as it was typed.
        name: the keyword; "" where its place says which it is.
        value: a :class:`StatedShape`, a plain value, or lists, tuples and dicts of these.
    """

    text: str
    name: str
    value: Any

    def shapes(self) -> list[StatedShape]:
        """Return its shapes, in order."""
        return [*_shapes(self.value)]


def stated_argument(text: str) -> StatedArgument:
    """Return what an ``--input`` text says of a call.

    Raises:
        UsageError: it says nothing that we can read.
    """
    match = _NAMED.fullmatch(text.strip())
    name, body = (match[1], match[2]) if match else ("", text)
    if len(text) > _LONGEST:
        raise UsageError("too long an input", where="--input")
    return StatedArgument(text.strip(), name, _value(body.strip(), text, _DEEPEST))


def _value(text: str, whole: str, deep: int) -> Any:
    if _SHAPE.fullmatch(text):
        return _shape(text)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    if text[:1] in _CLOSES and text[-1:] == _CLOSES[text[0]] and deep:
        parts = [part.strip() for part in _split(text[1:-1])]
        if text[0] == "{":
            pairs = [part.partition(":") for part in parts]
            return {
                name.strip(" '\""): _value(one.strip(), whole, deep - 1) for name, _, one in pairs
            }
        values = [_value(part, whole, deep - 1) for part in parts]
        return values if text[0] == "[" else tuple(values)
    raise UsageError(
        f"'{shortened(whole)}' is no input",
        where="--input",
        instead="write sizes: 2x32x8x6, NAME=2x32x8x6 for a keyword, 2x9:int for indices, "
        "2x8:pad-true for a mask, [1x64x8x8,1x32x16x16] for a list, or a value: causal=True",
    )


def _shape(text: str) -> StatedShape:
    body, colon, kind = text.rpartition(":")
    if colon and kind in KINDS:
        return StatedShape(parse_input(body), kind)
    return StatedShape(parse_input(text))


def _split(text: str) -> Iterator[str]:
    """Yield what stands between the commas that stand in no brackets."""
    deep, start = 0, 0
    for at, sign in enumerate(text):
        deep += (sign in "[({") - (sign in "])}")
        if sign == "," and not deep:
            yield text[start:at]
            start = at + 1
    if text[start:].strip():
        yield text[start:]


def _shapes(value: Any) -> Iterator[StatedShape]:
    if isinstance(value, StatedShape):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _shapes(one)
    elif isinstance(value, dict):
        yield from _shapes([*value.values()])
