"""An audit is judged by what is known of the module."""

from __future__ import annotations

from typing import Any

from attncheck.commands.evaluate.corpus import CorpusEntry
from attncheck.commands.evaluate.judge import Judged, compare_twins, judge
from attncheck.commands.evaluate.tally import tally
from attncheck.commands.evaluate.tasks import Planned
from attncheck.data.report import Finding, Location, Status, SubjectReport, verdict_of

FAULTY = CorpusEntry(
    id="x", file="x.py", fault_class="sigmoid_missing", fault_lines=[9], role="faulty"
)
GOOD = CorpusEntry(id="x", file="x.py", role="repaired")


def finding(kind: str, line: int = 0, status: Status = Status.VIOLATED, **more: Any) -> Finding:
    place = Location("x.py", line) if line else None
    return Finding(kind, kind, status, f"{kind} says so", location=place, **more)


def judged(entry: CorpusEntry, *findings: Finding) -> Judged:
    report = SubjectReport("se", entry.id, "x.py:X", verdict_of(list(findings)), list(findings))
    return judge(Planned(entry, None, None, own=True), report, None)


def mutant(operator: str, line: int) -> Finding:
    return finding(
        "equivalence", line, evidence={"diagnosis": {"mutants": [{"operator": operator}]}}
    )


def test_the_first_location_counts_most() -> None:
    assert judged(FAULTY, finding("gate", 9), finding("reach", 3)).line == "first"
    related = finding("gate", 3)
    related.related = [Location("x.py", 8, 9)]
    assert judged(FAULTY, related).line == "any"
    assert judged(FAULTY, finding("gate", 10)).line == "near"
    assert judged(FAULTY, finding("gate", 3)).line == "elsewhere"
    assert judged(FAULTY, finding("gate")).line == "none"
    elsewhere = finding("gate", 9)
    elsewhere.location = Location("another.py", 9)
    assert judged(FAULTY, elsewhere).line == "none"


def test_a_fault_is_named_by_its_kind_its_operator_or_its_line() -> None:
    assert judged(FAULTY, finding("gate")).named is True
    assert judged(FAULTY, mutant("activation", 0)).named is True
    assert judged(FAULTY, mutant("wrong variable", 10)).named is True
    assert judged(FAULTY, mutant("wrong variable", 3)).named is False
    assert judged(FAULTY, finding("dtype")).named is False
    unknown = CorpusEntry(
        id="x", file="x.py", fault_class="no_such_class", fault_lines=[9], role="faulty"
    )
    assert judged(unknown, finding("gate")).named is None


def test_advice_accuses_nobody() -> None:
    one = judged(GOOD, finding("any-size", advice=True))
    assert (one.verdict, one.violated) == ("conforms", [])


def test_twins_are_told_apart_by_a_claim_that_only_one_violates() -> None:
    both = [judged(FAULTY, finding("dtype")), judged(GOOD, finding("dtype"))]
    compare_twins(both)
    assert both[0].told_apart is False
    both = [judged(FAULTY, finding("dtype"), finding("gate")), judged(GOOD, finding("dtype"))]
    compare_twins(both)
    assert both[0].told_apart is True


def test_what_comparing_with_the_reference_said_is_kept() -> None:
    equal = finding("equivalence", status=Status.HOLDS)
    assert judged(GOOD, equal).equivalence == "proven equal"
    assert judged(FAULTY, mutant("activation", 9)).equivalence == "by a mutant"
    assert judged(FAULTY, finding("equivalence", 9)).equivalence == "except"
    left = finding("equivalence", evidence={"diagnosis": {"mutants": [], "left_over": ["w"]}})
    assert judged(FAULTY, left).equivalence == "left over"
    assert judged(GOOD, finding("equivalence", status=Status.UNDECIDED)).equivalence == "open"


def test_misses_and_false_alarms_are_counted() -> None:
    equal = finding("equivalence", status=Status.HOLDS)
    everything = [
        judged(FAULTY, mutant("activation", 9)),
        judged(CorpusEntry(id="y", fault_class="batch_mixing", role="faulty"), equal),
        judged(GOOD, finding("dtype"), equal),
        judged(CorpusEntry(id="z", role="good"), equal),
    ]
    total = tally(everything).total
    assert (total.recall.count, total.recall.of) == (1, 2)
    assert (total.false_alarms.count, total.false_alarms.of) == (1, 2)
    assert (total.proven.count, total.called_equal.count) == (2, 1)
    assert tally(everything).probes["dtype"] == [0, 0, 1]
