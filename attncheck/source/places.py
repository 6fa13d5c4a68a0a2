"""Where a strategy puts a finding: one place and those that belong to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from attncheck.data.report import Location
from attncheck.source.statements import Statement, statement_at
from attncheck.source.tracing import Step

_MOST_RELATED = 4


@dataclass
class Blame:
    """A place in the subject's source, and related places in the order of their use."""

    location: Location | None = None
    related: list[Location] = field(default_factory=list)

    def tidy(self) -> Blame:
        """Return the same places, each line once, few of them, the first as the location."""
        known: dict[tuple[str, int], Location] = {}
        for place in [self.location, *self.related]:
            if place is not None:
                known.setdefault((place.path, place.line), place)
        places = list(known.values())[: 1 + _MOST_RELATED]
        return Blame(places[0] if places else None, places[1:])


def place(path: str, line: int, note: str = "") -> Location:
    """Return the statement at a line as a location."""
    found = statement_at(path, line)
    if found is None:
        return Location(path, line, note=note)
    return at_statement(path, found, note)


def at_statement(path: str, statement: Statement, note: str = "") -> Location:
    """Return a statement as a location."""
    end = statement.end_line if statement.end_line > statement.line else 0
    return Location(path, statement.line, end, note)


def at_step(step: Step, note: str = "") -> Location:
    """Return a step's statement as a location."""
    return place(step.path, step.line, note)


def words(names: Iterable[str]) -> str:
    """Return names as a sentence lists them, each in backticks."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
