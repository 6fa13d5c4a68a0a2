"""What children are asked for a self-test, and what they answer."""

from __future__ import annotations

import msgspec

from attncheck.commands.selftest.results import MutantRow
from attncheck.commands.selftest.screen import Screened
from attncheck.execution.task import Task

SCREENING = "screening"
"""The one step of sorting a spec's mutants."""


class MutantsAsked(msgspec.Struct, frozen=True):
    """A spec, and which of its mutants.

    Attributes:
        spec: id or path.
        steps: ``m17@2`` is mutant 17 in setting 2, with ``+`` for all claims; or ``screening``.
    """

    spec: str
    steps: list[str]
    folder: str = ""

    @property
    def target(self) -> str:
        """What is worked on."""
        return f"mutants of {self.spec}"


class MutantsSorted(msgspec.Struct, frozen=True):
    """All mutants of a spec, sorted; ``why`` says what came in between."""

    mutants: list[Screened]
    why: str = ""


class Screening(Task[MutantsAsked, MutantsSorted, None, None]):
    """Sort a spec's mutants."""

    runs = "attncheck.commands.selftest.work:screening"
    asks = MutantsAsked
    answers = MutantsSorted

    def lost(self, step: str, why: str, *, dead: bool) -> MutantsSorted:
        """Return no mutants."""
        return MutantsSorted([], why)


class Judging(Task[MutantsAsked, MutantRow, None, None]):
    """Audit some mutants of a spec."""

    runs = "attncheck.commands.selftest.work:judging"
    asks = MutantsAsked
    answers = MutantRow

    def lost(self, step: str, why: str, *, dead: bool) -> MutantRow | None:
        """Return the row of a mutant that ended its process; None where only time was up."""
        return MutantRow(index=place_of(step)[0], crashed=why) if dead else None


def place_of(name: str) -> tuple[int, int]:
    """Return which mutant in which setting ``m17@2+`` names.

    >>> place_of("m17@2+")
    (17, 2)
    """
    number, _, setting = name.rstrip("+")[1:].partition("@")
    return int(number), int(setting)
