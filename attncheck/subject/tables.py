"""Compute what a call needs of positions: the tables that ``signature/tables`` names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attncheck.lazy import torch

_BASE = 10000.0
_TEXT = re.compile(r"(?P<kind>.+?) (?P<layout>in halves|in pairs|once) \((?P<rank>.+)\)")
_LATER = re.compile(r"what is later hidden, (?P<meaning>[\w-]+) \((?P<axes>.+)\)")


def made_value(text: str, dims: Mapping[str, int], dtype: torch.dtype, device: str) -> Any:
    """Return the table that a text names, such as ``cos in halves (1 N)``, or a map's two sides.

    The rows are positions 0, 1, …; the angle of pair i of a head of width d is base^(-2i/d) times
    the position. ``in halves`` lays the angles out as i and i + d/2, ``in pairs`` as 2i and
    2i + 1, ``once`` each angle alone.
    """
    if (hiding := _LATER.fullmatch(text)) is not None:
        return _later(hiding["meaning"], hiding["axes"].split(), dims, dtype, device)
    if set(text.split(" and ")) == {"height", "width"}:
        sides = {
            "height": dims.get("H", dims.get("height")),
            "width": dims.get("W", dims.get("width")),
        }
        return tuple(sides[side] for side in text.split(" and "))
    found = _TEXT.fullmatch(text)
    assert found is not None, text
    length = dims["N"]
    positions = torch.arange(length, device=device)
    if found["kind"] == "position ids":
        return _ranked(positions, found["rank"], dims, 1)
    width = dims.get("d") or dims["C"] // dims.get("heads", 1)
    rates = _BASE ** (-torch.arange(0, width, 2, dtype=torch.float64, device=device) / width)
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
    if found["kind"] == "cos and sin":
        return ranked["cos"], ranked["sin"]
    return ranked[found["kind"]]


def _later(
    meaning: str, axes: list[str], dims: Mapping[str, int], dtype: torch.dtype, device: str
) -> torch.Tensor:
    """Return the mask that hides every later token from each."""
    at = [i for i, axis in enumerate(axes) if axes.count(axis) == 2]
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
