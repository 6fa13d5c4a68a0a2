"""A reach violation as cells: what is claimed beside what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

Place = tuple[int, int]

_MOST_CELLS = 128 * 128


class Cell(Enum):
    """What one input position is to the output position in question."""

    NEITHER = "·"
    BOTH = "■"
    EXTRA = "✗"
    MISSING = "□"
    OUTPUT = "◉"


@dataclass(frozen=True)
class ReachMap:
    """Two grids of H × W cells, and how many positions each side holds."""

    claimed: list[list[Cell]]
    seen: list[list[Cell]]
    claimed_count: int
    seen_count: int
    output: Place

    @property
    def used(self) -> set[Cell]:
        """The kinds of cells that the legend has to explain."""
        return {cell for row in [*self.claimed, *self.seen] for cell in row}


def reach_map(evidence: dict[str, Any]) -> ReachMap | None:
    """Return the map that a reach violation's evidence draws, or None where there is none.

    Evidence: ``output`` (i, j), ``size`` (H, W), ``claimed`` and ``seen`` as H rows of W zeros and
    ones (or of one text, ``0100``); for tokens and channels one number each and one row.
    """
    try:
        height, width = _pair(evidence["size"], 1)
        output = _pair(evidence["output"], 0)
        claimed, seen = _marks(evidence["claimed"]), _marks(evidence["seen"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    inside = all(row < height and column < width for row, column in {*claimed, *seen, output})
    if not inside or height < 1 or width < 1 or height * width > _MOST_CELLS:
        return None
    left = dict.fromkeys(claimed, Cell.BOTH)
    right = dict.fromkeys(claimed & seen, Cell.BOTH)
    right |= dict.fromkeys(seen - claimed, Cell.EXTRA)
    right |= dict.fromkeys(claimed - seen, Cell.MISSING)
    for marks in (left, right):
        if marks.get(output) is Cell.BOTH:
            marks[output] = Cell.OUTPUT
    grids = [_grid(height, width, marks) for marks in (left, right)]
    return ReachMap(grids[0], grids[1], len(claimed), len(seen), output)


def _pair(numbers: Sequence[int], row: int) -> Place:
    """Return two numbers; a token's single one stands in the row given."""
    if len(numbers) == 1:
        return row, int(numbers[0])
    first, second = numbers
    return int(first), int(second)


def _marks(rows: Sequence[Sequence[int | str]]) -> set[Place]:
    """Return the places of what is not zero.

    Raises:
        ValueError: there are more than anybody would draw.
    """
    if sum(map(len, rows)) > _MOST_CELLS:
        raise ValueError("no map of ours is that large")
    return {(i, j) for i, row in enumerate(rows) for j, value in enumerate(row) if int(value)}


def _grid(height: int, width: int, marks: dict[Place, Cell]) -> list[list[Cell]]:
    return [[marks.get((i, j), Cell.NEITHER) for j in range(width)] for i in range(height)]


def legend(found: ReachMap) -> Iterable[tuple[Cell, str]]:
    """Yield the cells that occur with their meaning."""
    row, column = found.output
    place = f"{column}" if len(found.claimed) == 1 else f"({row}, {column})"
    meanings = {
        Cell.OUTPUT: f"the output's own place, {place}",
        Cell.BOTH: "claimed and reached",
        Cell.EXTRA: "reached, not claimed",
        Cell.MISSING: "claimed, not reached",
    }
    for cell, meaning in meanings.items():
        if cell in found.used:
            yield cell, meaning
