"""Draw a reach map: claimed beside seen, told apart by sign as well as by colour."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from attncheck.formats.shared.reach import Cell, ReachMap, legend
from attncheck.formats.terminal.signs import QUIET

_STYLE = {
    Cell.NEITHER: "dim",
    Cell.BOTH: "green",
    Cell.EXTRA: "red",
    Cell.MISSING: "yellow",
    Cell.OUTPUT: "bold cyan",
}
_GAP = 4


def draw_map(found: ReachMap, indent: int, width: int) -> Iterator[Text]:
    """Yield the two grids side by side, below each other where they do not fit, and a legend."""
    columns = len(found.claimed[0])
    step = 2 if indent + columns * 2 <= width else 1
    side = columns * step
    heads = (f"claimed: {found.claimed_count}", f"seen: {found.seen_count}")
    wide = max(side, len(heads[0])) + _GAP
    margin = Text(" " * indent)
    if indent + wide + max(side, len(heads[1])) <= width:
        yield margin + Text(heads[0].ljust(wide) + heads[1], QUIET)
        for left, right in zip(found.claimed, found.seen, strict=True):
            yield margin + _row(left, step) + Text(" " * (wide - side)) + _row(right, step)
    else:
        for head, grid in zip(heads, (found.claimed, found.seen), strict=True):
            yield margin + Text(head, QUIET)
            yield from (_cut(margin + _row(row, step), width) for row in grid)
    said = Text()
    for number, (cell, meaning) in enumerate(legend(found)):
        said += Text("   " if number else "") + Text(cell.value, _STYLE[cell])
        said += Text(f" {meaning}", QUIET)
    yield from _wrapped(said, indent, width)


def _row(cells: list[Cell], step: int) -> Text:
    row = Text()
    for cell in cells:
        row.append(cell.value.ljust(step), _STYLE[cell])
    return row


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line


def _wrapped(said: Text, indent: int, width: int) -> Iterator[Text]:
    """Break a legend between its entries."""
    line = Text(" " * indent)
    for entry in said.split("   "):
        if len(line) > indent and len(line) + len(entry) + 3 > width:
            yield line
            line = Text(" " * indent)
        line += Text("   " if len(line) > indent else "") + entry
    yield line
