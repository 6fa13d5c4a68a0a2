"""Mutants are noticed; what is not noticed is counted and listed."""

from __future__ import annotations

import pytest

from attncheck.catalogue import load
from attncheck.commands.selftest.judge import judge
from attncheck.commands.selftest.page import page_of
from attncheck.commands.selftest.results import KillTable, MutantRow, SelfTest
from attncheck.commands.selftest.run import SelftestAsked, selftest
from attncheck.commands.selftest.settings import Setting
from attncheck.commands.selftest.targets import definition_of, mutated
from attncheck.mutation.making import mutants_of


def index_of(spec: str, after: str) -> int:
    mechanism = definition_of(spec)
    assert mechanism is not None
    return next(i for i, m in enumerate(mutants_of(mechanism)) if m.after == after)


@pytest.mark.parametrize(
    ("spec", "after", "claim"),
    [
        ("se", "s = u", "gate"),
        ("se", "s = sigmoid(u).detach()", "gradient-flow"),
        ("se", "z = x.amax((2, 3))", "depends-on"),
        ("se", "z = x.sum((2, 3))", "repetition"),
    ],
)
def test_a_claim_notices_and_so_does_the_comparison(spec: str, after: str, claim: str) -> None:
    mutant = mutated(spec, index_of(spec, after))
    noticed = judge(load(spec), mutant, Setting(), full=True)
    assert claim in noticed.claims
    assert noticed.equivalence in ("diagnosed", "departs", "except", "open")


def test_a_product_transposed_is_attention_with_queries_called_keys() -> None:
    mutant = mutated("pam", index_of("pam", "s = (t @ k).mT"))
    noticed = judge(load("pam"), mutant, Setting(), full=True)
    assert noticed.claims == []
    assert noticed.equivalence == "allowed"
    assert "query is key" in noticed.note


def test_a_gate_that_is_returned_is_for_the_caller_to_multiply() -> None:
    noticed = judge(load("se"), mutated("se", index_of("se", "y = g")), Setting(), full=True)
    assert (noticed.claims, noticed.equivalence) == ([], "variant")


def test_the_squeeze_and_excitation_mutants_are_found_in_child_processes() -> None:
    found = selftest(SelftestAsked(["se"], sample=12, seed=1, workers=2))
    (table,) = found.tables
    assert (table.tried, table.untried) == (12, table.distinct - 12)
    assert table.made == table.invalid + table.equivalent + table.alike + table.distinct
    assert table.killed == table.counted
    assert table.passed == 0
    assert found.rate == 1.0
    assert 0.5 <= found.rate_of_claims <= 1.0
    assert page_of(found).sections[0].table is not None


def test_a_budget_that_runs_out_is_said() -> None:
    found = selftest(SelftestAsked(["se"], seconds=8.0, sample=0, workers=1, full=True))
    (table,) = found.tables
    assert table.tried + table.untried == table.distinct or table.problem
    if table.out_of_time:
        assert any(s.heading == "Not done" for s in page_of(found).sections)


def test_a_spec_without_a_definition_is_a_problem_not_a_pass() -> None:
    (table,) = selftest(SelftestAsked(["map"])).tables
    assert "no definition" in table.problem


def test_survivors_are_listed_and_what_is_allowed_is_not_counted() -> None:
    table = KillTable(spec="se", made=5, distinct=4)
    table.count(
        [
            MutantRow(index=0, claims=["gate"], equivalence="open"),
            MutantRow(index=1, equivalence="diagnosed", diff=["- a", "+ b"]),
            MutantRow(index=2, equivalence="allowed", note="bias=False"),
            MutantRow(index=3, equivalence="called equal", diff=["- c", "+ d"]),
        ]
    )
    assert (table.counted, table.killed, table.by_claims, table.allowed) == (3, 2, 1, 1)
    page = page_of(SelfTest(environment={}, full=False, tables=[table]))
    headings = {section.heading: section.table for section in page.sections}
    survived = headings["Survived (1)"]
    assert survived is not None
    assert survived.rows == [["se.m3", "", "called equal", "- c + d"]]
    assert "Survived the claims alone (1)" in headings
    assert "Allowed: another option, layout or name, or a design change (1)" in headings
