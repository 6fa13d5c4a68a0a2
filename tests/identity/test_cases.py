"""The measure of ``identify`` has its cases, and counts what it should."""

from __future__ import annotations

from typing import Any

from tests.identity.cases import TESTS, cases, plain
from tests.identity.measure import page, standing


def test_a_hundred_modules_are_no_mechanism() -> None:
    names = [case.name for case in plain()]
    assert len(names) == len(set(names)) == 100


def test_every_case_has_a_name_of_its_own_and_every_group_is_there() -> None:
    keys = [case.key for case in cases([TESTS / "corpus"])]
    assert len(keys) == len(set(keys))
    assert {key.partition("/")[0] for key in keys} == {"evidence", "tests", "plain"}


def test_relations_are_told_apart_from_what_is_wrong() -> None:
    def answer(wants: str, found: str, known: str = "proven", also: tuple[str, ...] = ()) -> Any:
        return {"case": "g/x", "wants": wants, "is": found, "known": known, "also": also}

    assert standing(answer("se", "se")) == "right"
    assert standing(answer("gqa", "mqa")) == "related"
    assert standing(answer("pam", "se", also=("pam",))) == "also"
    assert standing(answer("", "se")) == "wrong"
    assert standing(answer("se", "se", "named")) == "missed"
    assert standing({"case": "g/x", "wants": "", "refused": "no call"}) == "refused"
    text = page([{**answer("se", "se"), "seconds": 1.0}, {**answer("eca", "se"), "seconds": 3.0}])
    assert "1 right and 0 related of 2 (50.0 %), 2.0 CPU s median" in text
