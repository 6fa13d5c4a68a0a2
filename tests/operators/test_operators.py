"""The labels of the measure are true: the faulty differ where it is said, the rest nowhere."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.operators.cases import CASES, MODULES, OPERATORS, Case
from tests.operators.diagnosis import Found, headline, parts
from tests.operators.measure import judged
from tests.operators.numbers_apart import APART, SAME, apart, starts_at_zero, ways
from tests.operators.relabelled import RELABELLED

FAULTY = [case for case in CASES if case.want != "conforms"]
EQUAL = [case for case in CASES if case.want == "conforms"]
_named = {"ids": lambda case: case.name}


def test_every_operator_is_there_five_times_and_there_are_as_many_right_modules() -> None:
    met = Counter(case.id for case in CASES)
    assert len(OPERATORS) == 29
    assert {name: met[name] for name in OPERATORS if met[name] < 5} == {}
    assert len(EQUAL) >= len(FAULTY) * 0.85


def test_every_class_is_listed_and_every_listed_class_is_there() -> None:
    defined = {
        (path.name, name)
        for path in MODULES.glob("*.py")
        for name in re.findall(r"^class (\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert defined == {(case.file, case.name) for case in CASES}


@pytest.mark.parametrize("case", [c for c in FAULTY if c.shows != "start"], **_named)
def test_a_faulty_class_leaves_its_base_where_it_is_said_to(case: Case) -> None:
    assert apart(case, case.shows) > APART
    if case.shows != "outputs":
        assert apart(case, "outputs") < SAME, "and nowhere before"


@pytest.mark.parametrize("case", [c for c in FAULTY if c.shows == "start"], **_named)
def test_a_bad_start_is_the_right_function_with_weights_of_zero(case: Case) -> None:
    width = next(iter(case.host.build.values()))
    assert starts_at_zero(case) >= width * width // 2
    assert apart(case, "outputs") < SAME


@pytest.mark.parametrize("case", EQUAL, **_named)
def test_a_rewrite_equals_its_base(case: Case) -> None:
    # Dropout draws in another order; a relabelled parameter has its gradient elsewhere.
    left = {"training"} | ({"gradients"} if case.name in RELABELLED else set())
    for way in sorted(ways(case).keys() - left):
        assert apart(case, way) < SAME * (100 if way == "gradients" else 1), way


def _subject(verdict: str, *findings: Found) -> Found:
    return {"verdict": verdict, "findings": list(findings)}


DEPARTS: Found = {
    "claim": "equivalence",
    "kind": "equivalence",
    "status": "violated",
    "message": "no 1/√d: logits = scores where the paper has logits = scores / √d",
    "evidence": {"departure": {"step": "logits = scores / d ** 0.5", "seen": "scores"}},
}
REACHES: Found = {"claim": "reach", "kind": "reach", "status": "violated", "message": "too far"}


def test_the_difference_speaks_before_the_claims_and_its_step_says_the_part() -> None:
    first = headline(_subject("violates", REACHES, DEPARTS))
    assert first is DEPARTS
    assert parts(first) == {"score"}
    assert parts(REACHES) == {"mask"}


def test_a_fault_of_another_part_is_found_but_not_right() -> None:
    unscaled = next(case for case in FAULTY if case.id == "SDS")
    right, wrong, missed = (
        judged(unscaled, _subject(*said), 1.0)
        for said in (("violates", DEPARTS), ("violates", REACHES), ("conforms",))
    )
    assert (right.right, right.part, right.cause, right.cause_first) == (True, True, True, True)
    assert (wrong.right, wrong.part, wrong.cause) == (True, False, False)
    assert not missed.right


def test_advice_finds_a_bad_start_but_no_fault_of_the_function() -> None:
    told = {"claim": "start", "status": "violated", "advice": True, "message": "starts at zero"}
    start, fault = (next(c for c in FAULTY if c.id == name) for name in ("QZV", "SDS"))
    assert judged(start, _subject("conforms", told), 1.0).cause
    assert not judged(fault, _subject("conforms", told), 1.0).right
