"""Blocks of a grid as sets of places: ``block 7``, ``block 4 from 2``, ``block 8 around 3``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from attncheck.formula import Formula
from attncheck.lazy import torch


@dataclass(frozen=True)
class Block:
    """A grid's squares, with numbers in place of formulas once evaluated.

    Attributes:
        size: height and width of a square.
        start: where the grid's first square begins, along both axes.
        around: how many places beyond each side belong to the set.
    """

    size: Formula | int
    start: Formula | int = 0
    around: Formula | int = 0

    def evaluate(self, dims: Mapping[str, int]) -> tuple[int, int, int]:
        """Return size, start and places around as numbers."""
        numbers = [
            value if isinstance(value, int) else int(value.evaluate(dims))
            for value in (self.size, self.start, self.around)
        ]
        return numbers[0], numbers[1], numbers[2]


def block(text: str) -> Block:
    """Read ``K [from S] [around A]``, formulas over dims.

    Raises:
        SpecError: one of them is no formula.
    """
    head, _, around = text.partition(" around ")
    size, _, start = head.partition(" from ")
    found = re.sub(r"\s+", " ", size)
    return Block(Formula(found), Formula(start) if start else 0, Formula(around) if around else 0)


def block_places(
    numbers: tuple[int, int, int], origin: tuple[int, ...], sizes: tuple[int, ...]
) -> torch.Tensor:
    """Return the block that holds the origin as a boolean tensor of the places' sizes."""
    size, start, around = numbers
    here = torch.zeros(sizes, dtype=torch.bool)
    firsts = [(place - start) // size * size + start for place in origin]
    here[tuple(slice(max(0, at - around), at + size + around) for at in firsts)] = True
    return here


def describe_block(numbers: tuple[int, int, int]) -> str:
    """Return the set as a person reads it."""
    size, start, around = numbers
    text = f"its {size}×{size} block"
    text += f" of the grid from {start}" if start else ""
    return text + (f" and {around} places around it" if around else "")
