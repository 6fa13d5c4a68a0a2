"""On our own corpus every fault is found, no correct module is accused, and all are proven.

Every third entry, always the same ones; all in ``nox -s thorough`` and ``nox -s selftest``.
"""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import pytest

from attncheck.commands.evaluate.judge import Judged
from attncheck.commands.evaluate.page import page_of, why
from attncheck.commands.evaluate.run import Evaluation, evaluate, planned
from attncheck.execution.limits import Limits
from tests.thorough import THOROUGH

CORPUS = Path(__file__).parents[2] / "corpus"


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(planned([CORPUS], chosen), Limits(60.0, 600.0), 2)


def chosen(name: str) -> bool:
    return THOROUGH or crc32(name.encode()) % 3 == 0


def told(entries: list[Judged]) -> dict[str, str]:
    return {f"{one.id} ({one.role})": why(one) for one in entries}


def test_every_module_is_audited_against_its_own_spec(found: Evaluation) -> None:
    assert told([one for one in found.entries if not one.verdict or not one.own]) == {}


def test_every_fault_is_found(found: Evaluation) -> None:
    assert told([one for one in found.entries if one.should_violate and not one.caught]) == {}


def test_every_pair_is_told_apart(found: Evaluation) -> None:
    assert told([one for one in found.entries if one.told_apart is False]) == {}


def test_no_correct_module_is_accused_or_left_open(found: Evaluation) -> None:
    correct = [one for one in found.entries if one.should_conform]
    assert told([one for one in correct if one.verdict != "conforms"]) == {}


def test_every_correct_module_is_proven_equal_and_no_faulty_one_without_a_reason(
    found: Evaluation,
) -> None:
    correct = [one for one in found.entries if one.should_conform]
    assert told([one for one in correct if one.equivalence != "proven equal"]) == {}
    assert found.tally.total.called_equal.count == 0


def test_faults_are_named_and_put_on_their_lines(found: Evaluation) -> None:
    total = found.tally.total
    assert total.diagnosed.rate >= 0.9
    assert total.line_near.rate >= 0.9
    assert total.line.rate >= 0.75


def test_the_page_says_what_was_counted(found: Evaluation) -> None:
    page = page_of(found)
    assert page.sections[0].table is not None
    assert page.sections[0].table.columns == ["", "all", "own spec"]
    faulty = sum(one.should_violate for one in found.entries)
    assert faulty >= 10
    assert page.sections[0].table.rows[0][1] == f"{faulty}/{faulty} (100 %)"
