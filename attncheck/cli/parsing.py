"""Read the values of options: ``KEY=VALUE``, sizes, amounts of memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from attncheck.errors import UsageError
from attncheck.literals import parse_literal

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_LEAST_MEMORY = 512 * 2**20


def initials(texts: Sequence[str]) -> dict[str, Any]:
    """Return the constructor arguments of ``--init KEY=VALUE``.

    Raises:
        UsageError: a text is not of this form.
    """
    return {
        name: parse_literal(value)
        for name, value in (_pair(text, "--init", "reduction=16") for text in texts)
    }


def sizes(texts: Sequence[str]) -> dict[str, int]:
    """Return the dims of ``--set DIM=SIZE``.

    Raises:
        UsageError: a text is not of this form, or the size is no whole number.
    """
    found: dict[str, int] = {}
    for text in texts:
        name, value = _pair(text, "--set", "C=64")
        if not re.fullmatch(r"[+-]?\d+", value):
            raise UsageError(f"'{value}' is no size", where=f"--set {text}", instead="write C=64")
        found[name] = int(value)
    return found


def numbers(text: str, option: str) -> list[int]:
    """Return the whole numbers of ``16,32,64``.

    Raises:
        UsageError: a part of the list is none.
    """
    parts = [part.strip() for part in text.split(",") if text]
    if not all(re.fullmatch(r"[0-9]+", part) for part in parts):
        raise UsageError(f"'{text}' is no list of sizes", where=option, instead="write 16,32,64")
    return [int(part) for part in parts]


def memory(text: str) -> int:
    """Return the bytes of ``4GiB``, ``512M`` or a plain number of bytes; units are powers of 2.

    Raises:
        UsageError: the text is none, or too little for torch itself.
    """
    match = _MEMORY.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"'{text}' is no amount of memory", where="--memory-limit", instead="write 4GiB"
        )
    size = int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))
    if size < _LEAST_MEMORY:
        raise UsageError(
            f"{text} is too little: torch alone needs about 300 MiB",
            where="--memory-limit",
            instead="write 512MiB or more",
        )
    return size


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier() or not value.strip():
        raise UsageError(
            f"'{text}' is not of the form NAME=VALUE", where=option, instead=f"write {example}"
        )
    return name.strip(), value.strip()
