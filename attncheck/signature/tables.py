"""Inputs of ``forward`` that follow from positions alone: cosines, ids, a start, a map's sides.

Each is computed as the usual rotary convention has it; which of the layouts a module wants is
found by trying.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

from attncheck.signature.convention import Argument

_NAMES = {
    "cos": ("cos", "cosine", "freqs_cos", "cos_emb", "rope_cos", "rotary_cos", "cos_cached"),
    "sin": ("sin", "sine", "freqs_sin", "sin_emb", "rope_sin", "rotary_sin", "sin_cached"),
    "cos and sin": ("position_embeddings", "rotary_emb", "rotary_pos_emb", "rope", "cos_sin"),
    "turns": ("freqs_cis", "freqs_complex"),
    "angles": ("freqs", "angles", "theta", "rotary_freqs"),
    "the first position": (
        "start_pos",
        "start_position",
        "start_index",
        "cur_pos",
        "current_pos",
        "past_len",
        "past_length",
        "cache_len",
        "offset",
        "pos_offset",
        "position_offset",
        "cache_offset",
    ),
    "position ids": ("position_ids", "positions", "pos_ids", "token_positions", "input_pos"),
}
SIDES = "height and width"
FIRST = "the first position"
_PAIR = re.compile(
    r"^((spatial|x|map|input|feat|feature|img|image|grid|token)_?)?"
    r"(hw|size|sizes|shape|resolution)(_?(hw|size|shape))?$"
)
_TURNS = re.compile(r" of (?P<width>\d+), base (?P<base>[\d.e+]+)$")
_WIDE = ("in halves", "in pairs")
RANKS = ("N", "1 N", "B N", "1 1 N")


def table_named(parameter: str) -> str:
    """Return what a parameter of ``forward`` of this name is a table of, or ``""``."""
    lowered = parameter.lower()
    sides = SIDES if _PAIR.match(lowered) else ""
    return next((kind for kind, names in _NAMES.items() if lowered in names), sides)


def table_arguments(
    parameters: Sequence[inspect.Parameter], source: str
) -> Iterator[dict[str, Argument]]:
    """Yield the ways to compute all tables that a call needs, likeliest first.

    Args:
        parameters: of ``forward``.
        source: the text in which the tables are used: it tells halves from pairs.
    """
    wanted = {p.name: kind for p in parameters if (kind := table_named(p.name)) and _needed(p)}
    if not wanted:
        return
    alone = {
        name: Argument(name, "", (), made=_sides_of(name, source) if kind == SIDES else kind)
        for name, kind in wanted.items()
        if kind in (SIDES, FIRST)
    }
    wanted = {name: kind for name, kind in wanted.items() if name not in alone}
    if not wanted:
        yield alone
        return
    layouts = _WIDE[::-1] if "::2" in source and "chunk(2" not in source else _WIDE
    for layout in (*layouts, "once"):
        for rank in RANKS:
            yield alone | {
                name: Argument(name, "", (), made=f"{kind} {layout} ({rank})")
                for name, kind in wanted.items()
            }
        if set(wanted.values()) <= {"turns", "position ids"}:
            return  # neither halves nor pairs


def _sides_of(parameter: str, source: str) -> str:
    """Return in which order a pair holds the sides of a map: as its name or its unpacking says."""
    unpacked = rf"\bw(idth)?\s*,\s*h(eight)?\s*=\s*{re.escape(parameter)}\b"
    turned = "hw" not in parameter.lower() and re.search(unpacked, source, re.IGNORECASE)
    return " and ".join(SIDES.split(" and ")[::-1]) if turned else SIDES


def is_observed(text: str) -> bool:
    """Say whether a table is what a model was seen to compute: its layout is no guess."""
    return ", base " in text or text.startswith("position ids")


def turns_of(text: str) -> tuple[int, float] | None:
    """Return the width and the base of an observed rotary table, None of anything else."""
    found = _TURNS.search(text)
    return (int(found["width"]), float(found["base"])) if found else None


def later_mask(meaning: str, axes: tuple[str, ...]) -> str:
    """Return how the mask is named that hides what is later, in the module's order of axes."""
    return f"what is later hidden, {meaning} ({' '.join(axes)})"


def _needed(parameter: inspect.Parameter) -> bool:
    empty: Any = inspect.Parameter.empty
    return parameter.default is empty
