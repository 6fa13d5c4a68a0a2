"""A reach violation as cells: what is claimed beside what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


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
    output: tuple[int, int]

    @property
    def used(self) -> set[Cell]:
        """The kinds of cells that the legend has to explain."""
        return {cell for row in [*self.claimed, *self.seen] for cell in row}


def reach_map(evidence: dict[str, Any]) -> ReachMap | None:
    """Return the map that a reach violation's evidence draws, or None where there is none.

    Evidence: ``output`` (i, j), ``size`` (H, W), ``claimed`` and ``seen`` as lists of positions;
    with one number each for tokens.
    """
    try:
        height, width = _pair(evidence["size"])
        output = _pair(evidence["output"])
        claimed = {_pair(position) for position in evidence["claimed"]}
        seen = {_pair(position) for position in evidence["seen"]}
    except (KeyError, TypeError, ValueError):
        return None
    if len(evidence["size"]) == 1:
        height, width = 1, evidence["size"][0]
    left = _grid(height, width, {**dict.fromkeys(claimed, Cell.BOTH), output: Cell.OUTPUT})
    marks = dict.fromkeys(claimed & seen, Cell.BOTH)
    marks |= dict.fromkeys(seen - claimed, Cell.EXTRA)
    marks |= dict.fromkeys(claimed - seen, Cell.MISSING)
    if marks.get(output) is Cell.BOTH:
        marks[output] = Cell.OUTPUT
    return ReachMap(left, _grid(height, width, marks), len(claimed), len(seen), output)


def _named(found: ReachMap) -> str:
    row, column = found.output
    return f"token {column}" if len(found.claimed) == 1 else f"row {row}, column {column}"


def _pair(position: Sequence[int] | int) -> tuple[int, int]:
    """Return a position on a map; a token stands in row 0."""
    if isinstance(position, int):
        return 0, position
    if len(position) == 1:
        return 0, int(position[0])
    row, column = position
    return int(row), int(column)


def _grid(height: int, width: int, marks: dict[tuple[int, int], Cell]) -> list[list[Cell]]:
    return [
        [marks.get((row, column), Cell.NEITHER) for column in range(width)] for row in range(height)
    ]


def legend(found: ReachMap) -> Iterable[tuple[Cell, str]]:
    """Yield the cells that occur with their meaning."""
    meanings = {
        Cell.OUTPUT: f"the output at {_named(found)}",
        Cell.BOTH: "claimed and reached",
        Cell.EXTRA: "reached, not claimed",
        Cell.MISSING: "claimed, not reached",
    }
    for cell, meaning in meanings.items():
        if cell in found.used:
            yield cell, meaning
