"""A small call of the same kind as a large one: at which a module is audited and found out."""

from __future__ import annotations

_SMALL = 16
_LEAST = 7


def shrunk(text: str) -> str:
    """Return an ``--input`` text with a small batch and small sizes; its width stays.

    Of a map (B, C, H, W) the sides shrink, of tokens (B, N, C) their number. A side is divided
    by a whole number where that helps, so that windows and strides still fit.
    """
    name, equal, rest = text.rpartition("=")
    shape, colon, meaning = rest.partition(":")
    sizes = [int(size) for size in shape.split("x")]
    if len(sizes) == 4:
        sizes = [min(sizes[0], 2), sizes[1], small(sizes[2]), small(sizes[3])]
    elif len(sizes) == 3 and not meaning:
        sizes = [min(sizes[0], 2), small(sizes[1]), sizes[2]]
    elif meaning:
        sizes = [min(sizes[0], 2), *(small(size) for size in sizes[1:])]
    return f"{name}{equal}{'x'.join(map(str, sizes))}{colon}{meaning}"


def small(size: int) -> int:
    """Return the largest whole part of a size that is small, or a small number.

    >>> small(64), small(56), small(97), small(5)
    (16, 14, 11, 5)
    """
    if size <= _SMALL:
        return size
    parts = [size // by for by in range(2, size // _LEAST + 1) if size % by == 0]
    return max((part for part in parts if _LEAST <= part <= _SMALL), default=11)
