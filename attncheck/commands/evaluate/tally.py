"""Count how often audits were right, and where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from attncheck.commands.evaluate.judge import Judged


class Rate(msgspec.Struct):
    """So many of so many."""

    of: int = 0
    count: int = 0

    def add(self, hit: bool) -> None:
        """Count one more."""
        self.of += 1
        self.count += hit

    @property
    def rate(self) -> float:
        """The share, 1 of nothing."""
        return self.count / self.of if self.of else 1.0


class Rates(msgspec.Struct):
    """How often audits of some group of entries were right.

    Attributes:
        recall: faulty entries that violate.
        told_apart: pairs in which the faulty one violates a claim that its twin does not.
        diagnosed: faulty ones explained by a mutant, or whose class a violated claim names.
        by_mutant: faulty ones explained by comparing with the reference.
        named: caught ones whose class a violated claim or mutant names, where it can be judged.
        line: caught ones with a location of a violation on the fault's lines.
        line_first: … whose first location is; ``line_near``: … on them or beside them.
        called_equal: faulty ones that compute the reference on every probe, and nothing refuses.
        false_alarms: correct entries that violate.
        undecided: correct entries of which nothing certain is said.
        proven: correct entries proven equal, of those with a reference.
    """

    recall: Rate = msgspec.field(default_factory=Rate)
    told_apart: Rate = msgspec.field(default_factory=Rate)
    diagnosed: Rate = msgspec.field(default_factory=Rate)
    by_mutant: Rate = msgspec.field(default_factory=Rate)
    named: Rate = msgspec.field(default_factory=Rate)
    line: Rate = msgspec.field(default_factory=Rate)
    line_first: Rate = msgspec.field(default_factory=Rate)
    line_near: Rate = msgspec.field(default_factory=Rate)
    called_equal: Rate = msgspec.field(default_factory=Rate)
    false_alarms: Rate = msgspec.field(default_factory=Rate)
    undecided: Rate = msgspec.field(default_factory=Rate)
    proven: Rate = msgspec.field(default_factory=Rate)

    def add(self, one: Judged) -> None:
        """Count one entry."""
        if one.should_violate:
            self._add_faulty(one)
        elif one.should_conform:
            self.false_alarms.add(one.caught)
            self.undecided.add(one.verdict == "undecided")
            if one.equivalence:
                self.proven.add(one.equivalence == "proven equal")

    def _add_faulty(self, one: Judged) -> None:
        self.recall.add(one.caught)
        if one.told_apart is not None:
            self.told_apart.add(one.told_apart)
        if one.fault_class:
            self.diagnosed.add(one.by_mutant or bool(one.named))
        if one.equivalence:
            self.by_mutant.add(one.by_mutant)
            self.called_equal.add(one.equivalence == "proven equal" and not one.caught)
        if one.named is not None:
            self.named.add(one.named)
        if one.line:
            self.line_first.add(one.line == "first")
            self.line.add(one.line in ("first", "any"))
            self.line_near.add(one.line in ("first", "any", "near"))


class EvaluationTally(msgspec.Struct):
    """All figures: of everything, and by group.

    ``groups`` are the entries with a spec of their own, those held against a family's contract,
    and classes of packages. ``probes`` says of each claim kind how many faulty entries it
    violated, on how many it was the only one, and how many correct ones it accused.
    """

    total: Rates
    groups: dict[str, Rates]
    fault_classes: dict[str, Rates]
    mechanisms: dict[str, Rates]
    probes: dict[str, list[int]]
    left_out: int = 0


def tally(judged: Iterable[Judged]) -> EvaluationTally:
    """Count everything; entries that could not be audited are counted apart."""
    entries = list(judged)
    tried = [one for one in entries if one.verdict]
    found = EvaluationTally(Rates(), {}, {}, {}, _probes(tried), len(entries) - len(tried))
    for one in tried:
        found.total.add(one)
        found.groups.setdefault(_group(one), Rates()).add(one)
        if one.role != "package":
            found.mechanisms.setdefault(one.mechanism, Rates()).add(one)
        if one.fault_class:
            found.fault_classes.setdefault(one.fault_class, Rates()).add(one)
    for name in ("fault_classes", "mechanisms"):
        setattr(found, name, dict(sorted(getattr(found, name).items())))
    return found


def _group(one: Judged) -> str:
    if one.role == "package":
        return "packages"
    return "own spec" if one.own else "family contract"


def _probes(tried: list[Judged]) -> dict[str, list[int]]:
    hits: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    for one in tried:
        kinds = {found.kind for found in one.violated}
        if one.should_violate:
            hits.update(kinds)
            alone.update(kinds if len(kinds) == 1 else ())
        elif one.should_conform:
            alarms.update(kinds)
    return {
        kind: [hits[kind], alone[kind], alarms[kind]] for kind, _ in (hits + alarms).most_common()
    }
