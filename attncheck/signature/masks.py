"""What the masks of ``forward`` are called, what they mean and which axes they have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attncheck.signature.convention import LENGTHS

_KNOWN = {
    "key_padding_mask": "pad-true",
    "src_key_padding_mask": "pad-true",
    "memory_key_padding_mask": "pad-true",
}
"""Names that torch itself uses, with torch's meaning: True is padding."""
_OTHER_NAMES = ("pad", "pads", "padding", "valid", "is_pad", "is_valid", "padded")
_LENGTHS = re.compile(r"(^|_)(lens|lengths)$|^(valid|x|src|key|input|memory|encoder)_len(gth)?$")


def is_mask_name(parameter: str) -> bool:
    """Say whether a parameter of ``forward`` names a mask, or lengths that stand for one."""
    lowered = parameter.lower()
    return "mask" in lowered or lowered in _OTHER_NAMES or is_length_name(lowered)


def is_length_name(parameter: str) -> bool:
    """Say whether a parameter of ``forward`` names the lengths of its samples: ``valid_lens``."""
    return bool(_LENGTHS.search(parameter.lower()))


def known_meaning(parameter: str) -> str:
    """Return what a mask of this name means by convention, or ``""``."""
    return LENGTHS if is_length_name(parameter) else _KNOWN.get(parameter, "")


def usual_axes(meaning: str, data: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the axes of a mask of which nothing but its meaning is known."""
    return ("B",) if meaning == LENGTHS else ("B", key_axis(data))


Axes = tuple[str, ...]


def mask_axes(
    shape: tuple[int, ...], sizes: Mapping[str, int], data: Mapping[str, tuple[str, ...]]
) -> tuple[Axes, Axes]:
    """Name the axes of a mask of this shape: in our order, and in the module's where it differs.

    Args:
        shape: its sizes.
        sizes: the sizes of the data inputs' axes, where they are stated.
        data: the call's inputs and their axes; the last one holds the keys.
    """
    known = {**sizes, "1": 1}
    ours = [(axes, ()) for axes in possible_axes(data)]
    for axes, order in (*ours, *late_batches(data)):
        own = order or axes
        fits = all(known.get(axis, n) == n for axis, n in zip(own, shape, strict=False))
        if len(own) == len(shape) and fits:
            return axes, order
    return ("B", key_axis(data)), ()


def late_batches(data: Mapping[str, tuple[str, ...]]) -> list[tuple[Axes, Axes]]:
    """Return the axes of masks whose batch comes last, and their order."""
    keys, queries = key_axis(data), query_axis(data)
    return [
        (("1", queries, keys), (queries, keys, "1")),
        (("B", queries, keys), (queries, keys, "B")),
        (("B", keys), (keys, "B")),
        (("B", keys, "1"), (keys, "B", "1")),
    ]


def possible_axes(data: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return every set of axes that a mask of this call may have, likeliest first."""
    keys, queries = key_axis(data), query_axis(data)
    return [
        ("B", keys),
        ("B", "1", "1", keys),
        (queries, keys),
        ("B", queries, keys),
        ("B", "1", queries, keys),
        ("B", "1", keys),
        ("1", "1", queries, keys),
        ("B", "heads", queries, keys),
        ("B*heads", queries, keys),
        (keys,),
        ("1", queries, keys),
        ("B", keys, "1"),
    ]


def is_per_sample(axes: tuple[str, ...]) -> bool:
    """Say whether a mask of these axes tells samples apart."""
    return any(axis.split("*")[0] == "B" for axis in axes)


def is_per_query(axes: tuple[str, ...]) -> bool:
    """Say whether a mask of these axes tells queries apart."""
    return len([axis for axis in axes if is_position(axis)]) > 1


def is_position(axis: str) -> bool:
    """Say whether an axis of a mask is that of the queries or of the keys."""
    return axis.split("*")[0] not in ("B", "heads", "1")


def key_axis(data: Mapping[str, tuple[str, ...]]) -> str:
    """Return the axis along which the keys lie: the second of the last input."""
    own = [axes for axes in data.values() if not axes[-1].isdigit()]
    return _position_axis(own[-1])


def query_axis(data: Mapping[str, tuple[str, ...]]) -> str:
    """Return the axis along which the queries lie; ``1`` where there is one per sample."""
    return _position_axis(next(iter(data.values())))


def _position_axis(axes: tuple[str, ...]) -> str:
    return axes[1] if len(axes) > 2 else "1"
