"""A settled identity and a broken claim: which of the two is believed."""

from __future__ import annotations

import pytest

from attncheck.auditing.settle import settle
from attncheck.catalogue import load
from attncheck.data.report import Finding, Status, Verdict, verdict_of

CLAIMS = load("se").claims
CHANGED = {"changes": ["a norm between the two layers"]}


def settled(proof: Finding | None, broken: str) -> list[Finding]:
    findings = [proof] if proof else []
    findings.append(Finding(broken, CLAIMS[broken].kind, Status.VIOLATED, "it is not so"))
    settle(findings, CLAIMS)
    return findings


def proof(status: Status = Status.HOLDS, **evidence: object) -> Finding:
    return Finding("equivalence", "equivalence", status, evidence=dict(evidence))


def test_what_follows_from_the_definition_cannot_be_broken_by_what_equals_it() -> None:
    findings = settled(proof(), "gate")
    assert findings[-1].status is Status.ERROR
    assert "attncheck contradicts itself" in findings[-1].message
    assert verdict_of(findings) is Verdict.UNDECIDED


def test_what_equals_the_definition_has_the_definitions_form() -> None:
    """Where an option leaves the last projection out, the definition's output is narrower, too."""
    findings = settled(proof(options={"out": False}), "shape")
    assert findings[-1].status is Status.SKIPPED
    assert verdict_of(findings) is Verdict.CONFORMS


def test_a_design_change_may_break_what_follows_from_the_definition() -> None:
    findings = settled(proof(**CHANGED), "gate")
    assert findings[-1].advice
    assert verdict_of(findings) is Verdict.VARIANT


@pytest.mark.parametrize("evidence", [{}, CHANGED])
def test_cost_accuses_nobody_whose_identity_is_settled(evidence: dict[str, object]) -> None:
    assert settled(proof(**evidence), "parameters")[-1].advice


def test_cost_accuses_nobody_of_whom_it_is_unknown_what_he_is() -> None:
    findings = settled(proof(Status.UNDECIDED), "parameters")
    assert findings[-1].advice
    assert verdict_of(findings) is Verdict.UNDECIDED


def test_cost_is_held_against_a_module_where_nothing_asks_what_it_is() -> None:
    assert settled(None, "parameters")[-1].counts


def test_what_no_probe_sees_follows_from_a_proof_and_is_open_in_a_variant() -> None:
    for evidence, verdict in (({}, Verdict.CONFORMS), (CHANGED, Verdict.VARIANT)):
        findings = [proof(**evidence), Finding("gate", "gate", Status.UNDECIDED, "not seen")]
        settle(findings, CLAIMS)
        assert verdict_of(findings) is verdict
    assert findings[-1].status is Status.UNDECIDED


@pytest.mark.parametrize("other", [None, proof(Status.UNDECIDED), proof(Status.VIOLATED)])
def test_without_a_proof_a_broken_claim_stands(other: Finding | None) -> None:
    findings = settled(other, "gate")
    assert findings[-1].counts
    assert verdict_of(findings) is Verdict.VIOLATES


def test_what_the_module_does_beside_its_function_stands_whatever_it_equals() -> None:
    assert settled(proof(), "unmodified")[-1].counts


@pytest.mark.parametrize("guessed", [True, False])
def test_what_is_proven_may_want_other_sizes_in_another_order_of_axes(guessed: bool) -> None:
    """Keys lie time first; whether a query has an axis of time, one sample does not tell."""
    evidence = {"elsewhere": "time-major"} if guessed else {}
    raised = Finding("runs", "runs", Status.VIOLATED, "it raises", evidence=dict(evidence))
    settle(findings := [proof(), raised], CLAIMS)
    assert verdict_of(findings) is (Verdict.CONFORMS if guessed else Verdict.VIOLATES)


@pytest.mark.parametrize("known", [True, False])
def test_nobody_unknown_is_accused_at_sizes_that_only_trying_has_found(known: bool) -> None:
    """A module may be made for maps of 14 by 14; that it runs on 8 by 8 says nothing of them."""
    settling = proof(Status.VIOLATED if known else Status.UNDECIDED)
    evidence = {"tried_sizes": "H=8, W=8, found by trying"}
    broken = Finding("reach", "reach", Status.VIOLATED, "it is not so", evidence=dict(evidence))
    settle(findings := [settling, broken], CLAIMS)
    assert findings[-1].status is (Status.VIOLATED if known else Status.UNDECIDED)
    assert verdict_of(findings) is (Verdict.VIOLATES if known else Verdict.UNDECIDED)
