"""A figure as the template shows it: picture, caption, and the table under it."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass(frozen=True)
class FigureTable:
    """The numbers of a figure.

    Attributes:
        head: names of the columns.
        rows: cells as text; the first names the row.
        words: columns after the first that hold words, so are aligned left.
    """

    head: list[str]
    rows: list[list[str]]
    words: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: its id on the page.
        title: what it shows, above it.
        picture: the SVG.
        table: the numbers that it draws.
        notes: what a reader must know: unit, convention, what is left out.
        keys: what each class of mark means.
    """

    name: str
    title: str
    picture: Markup
    table: FigureTable
    notes: list[str] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)

    @property
    def long(self) -> bool:
        """Whether the table is better folded away until asked for."""
        return len(self.table.rows) > 12
