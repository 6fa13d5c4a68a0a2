"""A page of text as data: what ``list``, ``explain`` and ``env`` show, before it is drawn."""

from __future__ import annotations

import msgspec


class Table(msgspec.Struct, frozen=True):
    """Rows of equal length; ``columns`` may be empty where they speak for themselves."""

    rows: list[list[str]]
    columns: list[str] = []


class Section(msgspec.Struct, frozen=True, omit_defaults=True):
    """A heading, paragraphs, then a table."""

    heading: str = ""
    paragraphs: list[str] = []
    table: Table | None = None
    code: str = ""


class Page(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one command shows."""

    title: str = ""
    sections: list[Section] = []
