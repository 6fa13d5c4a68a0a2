"""Compute what a call needs of positions: the tables that ``signature/tables`` names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.tables import FIRST

_BASE = 10000.0
_SINGLE = 1e-5
"""How far a table in single precision may be off."""
_TEXT = re.compile(
    r"(?P<kind>.+?) (?P<layout>in halves|in pairs|once) \((?P<rank>.+)\)"
    r"(?: of (?P<width>\d+), base (?P<base>[\d.e+]+))?"
)
_LATER = re.compile(r"what is later hidden, (?P<meaning>[\w-]+) \((?P<axes>.+)\)")


def made_value(text: str, dims: Mapping[str, int], dtype: torch.dtype, device: str) -> Any:
    """Return the table that a text names, such as ``cos in halves (1 N)``, or a map's two sides.

    The rows are positions 0, 1, …; the angle of pair i of a head of width d is base^(-2i/d) times
    the position. ``in halves`` lays the angles out as i and i + d/2, ``in pairs`` as 2i and
    2i + 1, ``once`` each angle alone. `` of 8, base 10000`` says the width and the base.
    """
    if (hiding := _LATER.fullmatch(text)) is not None:
        return _later(hiding["meaning"], hiding["axes"].split(), dims, dtype, device)
    if set(text.split(" and ")) == {"height", "width"}:
        sides = {
            "height": dims.get("H", dims.get("height")),
            "width": dims.get("W", dims.get("width")),
        }
        return tuple(sides[side] for side in text.split(" and "))
    if text == FIRST:
        return 0
    found = _TEXT.fullmatch(text)
    assert found is not None, text
    length = dims["N"]
    positions = torch.arange(length, device=device)
    if found["kind"] == "position ids":
        return _ranked(positions, found["rank"], dims, 1)
    width = int(found["width"] or dims.get("d") or dims["C"] // dims.get("heads", 1))
    rates = float(found["base"] or _BASE) ** (
        -torch.arange(0, width, 2, dtype=torch.float64, device=device) / width
    )
    angles = positions[:, None].double() * rates
    if found["kind"] == "turns":
        turns = torch.polar(torch.ones_like(angles), angles)
        kept = turns if dtype == torch.float64 else turns.to(torch.complex64)
        return _ranked(kept, found["rank"], dims, 2)
    if found["layout"] == "in halves":
        angles = torch.cat([angles, angles], -1)
    elif found["layout"] == "in pairs":
        angles = angles.repeat_interleave(2, -1)
    made = {"cos": angles.cos(), "sin": angles.sin(), "angles": angles}
    ranked = {n: _ranked(t.to(dtype), found["rank"], dims, 2) for n, t in made.items()}
    if " and " in found["kind"]:
        return tuple(ranked[name] for name in found["kind"].split(" and "))
    return ranked[found["kind"]]


def _later(
    meaning: str, axes: list[str], dims: Mapping[str, int], dtype: torch.dtype, device: str
) -> torch.Tensor:
    """Return the mask that hides every later token from each."""
    at = [i for i, axis in enumerate(axes) if axis != "1" and axes.count(axis) == 2]
    length = dims[axes[at[0]]]
    hidden = torch.ones(length, length, dtype=torch.bool, device=device).triu(1)
    sizes = [1 if axis == "1" else dims[axis] for axis in axes]
    hidden = hidden.reshape([n if i in at else 1 for i, n in enumerate(sizes)]).expand(sizes)
    match meaning:
        case "pad-true":
            return hidden.clone()
        case "valid-true":
            return ~hidden
        case "valid-01":
            return (~hidden).to(dtype)
    return torch.zeros(sizes, dtype=dtype, device=device).masked_fill(hidden, float("-inf"))


def _ranked(table: Any, rank: str, dims: Mapping[str, int], own: int) -> Any:
    """Return a table with the axes before its positions that the rank names."""
    before = [dims["B"] if axis == "B" else 1 for axis in rank.split()[:-1]]
    return table.expand(*before, *table.shape[-own:]) if before else table


def counts_tokens(text: str) -> bool:
    """Say whether a table has a row for each token."""
    return _TEXT.fullmatch(text) is not None


def table_text(value: Any) -> str:
    """Return the text that :func:`made_value` makes this table of, "" where it is none such."""
    for text in _texts(value):
        parts = value if isinstance(value, tuple) else (value,)
        length = parts[0].shape[-1 if text.startswith("position") else -2]
        made = made_value(text, {"N": length, "B": parts[0].shape[0]}, parts[0].dtype, "cpu")
        made = made if isinstance(made, tuple) else (made,)
        if all(_close(one, other) for one, other in zip(made, parts, strict=True)):
            return text
    return ""


def _texts(value: Any) -> Iterator[str]:
    """Yield the names that a table may have."""
    parts = value if isinstance(value, tuple) else (value,)
    if not (1 <= len(parts) <= 2 and all(map(torch.is_tensor, parts))):
        return
    if len({part.shape for part in parts}) > 1 or not 1 <= parts[0].ndim <= 4:
        return
    shape = parts[0].shape
    if len(parts) == 1 and not (parts[0].is_complex() or parts[0].is_floating_point()):
        yield f"position ids once ({_rank(shape[:-1])})"
        return
    if len(shape) < 2 or shape[-2] < 2:
        return
    for kind, angles in _angles(parts):
        rates = angles.reshape(-1, *shape[-2:])[0, 1].double()
        yield from _layouts(kind, rates, _rank(shape[:-2]))


def _layouts(kind: str, rates: torch.Tensor, rank: str) -> Iterator[str]:
    """Yield the names of a table with these angles of the second position."""
    count = len(rates)
    for layout, own in (
        ("in halves", rates[: count // 2]),
        ("in pairs", rates[::2]),
        ("once", rates),
    ):
        width = 2 * len(own)
        if layout != "once" and width != count:
            continue
        base = float(own[1]) ** (-width / 2) if len(own) > 1 and own[1] > 0 else _BASE
        for digits in (2, 4):
            yield f"{kind} {layout} ({rank}) of {width}, base {float(f'{base:.{digits}g}'):g}"


def _angles(parts: Sequence[torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the angles of cosines and sines, whichever comes first, or of complex turns."""
    if len(parts) == 2 and all(part.is_floating_point() for part in parts):
        yield "cos and sin", torch.atan2(parts[1], parts[0])
        yield "sin and cos", torch.atan2(parts[0], parts[1])
    elif parts[0].is_complex():
        yield "turns", parts[0].angle()


def _rank(before: Sequence[int]) -> str:
    axes = ["1" if size == 1 else "B" if at == 0 else "?" for at, size in enumerate(before)]
    return " ".join([*axes, "N"])


def _close(made: torch.Tensor, seen: torch.Tensor) -> bool:
    return made.shape == seen.shape and torch.allclose(
        made, seen.detach().cpu().to(made.dtype), rtol=0, atol=_SINGLE
    )
