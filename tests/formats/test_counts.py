"""The table of counts says its unit, its case, and what is not settled."""

from __future__ import annotations

from typing import Any

from attncheck.data.counts import Counts
from attncheck.data.report import SubjectReport, Verdict
from attncheck.formats.shared.counting import count_notes, count_rows


def counted(name: str, **counts: Any) -> SubjectReport:
    return SubjectReport("gam", name, name, Verdict.CONFORMS, counts=Counts(**counts))


def test_numbers_stand_side_by_side() -> None:
    subjects = [counted("a", parameters=1056, macs=2048), counted("b", parameters=2)]
    assert count_rows(subjects) == [("parameters", ["1,056", "2"]), ("MACs", ["2,048", "–"])]


def test_a_count_on_which_the_counters_differ_is_marked() -> None:
    subject = counted("a", macs=2048, agree=False, disagreement="fvcore 1,024")
    assert count_rows([subject]) == [("MACs", ["2,048 ?"])]
    assert "a: MACs not settled: fvcore 1,024" in count_notes([subject])


def test_operators_without_a_price_are_named() -> None:
    assert "a: operators without a price: aten.foo" in count_notes(
        [counted("a", macs=1, unpriced=["aten.foo"])]
    )


def test_one_case_is_said_once_and_several_each() -> None:
    same = [counted("a", macs=1, dims={"B": 2}), counted("b", macs=1, dims={"B": 2})]
    assert count_notes(same)[0].endswith("for one call at B=2")
    other = [counted("a", macs=1, dims={"B": 2}), counted("b", macs=1, dims={"B": 3})]
    assert count_notes(other)[1:] == ["a: one call at B=2", "b: one call at B=3"]


def test_nothing_counted_says_nothing() -> None:
    subject = SubjectReport("gam", "a", "a", Verdict.CONFORMS)
    assert count_rows([subject]) == []
    assert count_notes([subject]) == []
