"""What a settled identity says of the other claims: the mechanism itself cannot break them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from attncheck.data.choices import chosen_so
from attncheck.data.report import Finding, Status
from attncheck.subject.claim import Claim


def settle(findings: Iterable[Finding], claims: Mapping[str, Claim]) -> None:
    """Put right what speaks against a proof, and what stands on a guess of what the module is.

    A module that is proven equal to the definition computes what follows from it: where a probe
    sees a claim on the function broken all the same, one of our two answers is wrong, and that is
    an error of ours. A variant may break such a claim by its design change. What the definition
    costs is asked of the definition: neither what equals it nor what nobody knows is accused of it.
    And of what nobody knows, nothing is said that holds at sizes, or in an order of axes, which
    only trying has found.
    """
    told = list(findings)
    settling = [f for f in told if claims[f.claim].settles and f.status is not Status.SKIPPED]
    proofs = [finding for finding in settling if finding.status is Status.HOLDS]
    changes = [change for proof in proofs for change in proof.changes]
    guesses = [str(f.evidence["guessed"]) for f in settling if "guessed" in f.evidence]
    is_open = bool(settling) and not proofs and not any(f.counts for f in settling)
    for finding in told:
        claim = claims[finding.claim]
        if finding.counts and (option := _unclaimed(claim, proofs)):
            finding.status = Status.SKIPPED
            finding.message = f"not claimed with {option}: the definition itself does not meet it"
        elif finding.counts and claim.of_form and proofs:
            finding.status = Status.SKIPPED
            finding.message = f"the definition with these options has this form: {finding.message}"
        elif claim.watches == "forward" and proofs and finding.evidence.get("elsewhere"):
            finding.advice = True  # it runs as it is proven, and other sizes may lie otherwise
        elif claim.says == "cost":
            finding.advice = finding.advice or (finding.counts and bool(settling))
        elif claim.says == "function" and proofs:
            _judge(finding, changed=bool(changes))
        elif claim.says == "function" and is_open and finding.counts:
            _doubt(finding, claim, guesses)


def _doubt(finding: Finding, claim: Claim, guesses: Iterable[str]) -> None:
    """Leave open what is seen at sizes of our own: the module may be made for others."""
    said = str(msgspec.to_builtins(claim) | {"why": ""})
    ours = next((name for name in guesses if re.search(rf"\b{name}\b", said)), "")
    if sizes := finding.evidence.get("tried_sizes") or (ours and f"nothing states its {ours}"):
        finding.status = Status.UNDECIDED
        finding.message += f"; these sizes may not be meant: {sizes}"


def _judge(finding: Finding, *, changed: bool) -> None:
    """Hold what a probe says of the function against the proof of what the function is."""
    if finding.status is Status.UNDECIDED:
        _follow(finding, changed=changed)
    elif finding.counts and changed:
        finding.advice = True
    elif finding.counts:
        finding.status = Status.ERROR
        finding.message = (
            "attncheck contradicts itself, please report it: the module is proven equal to the "
            f"definition, and {finding.message}"
        )


def _follow(finding: Finding, *, changed: bool) -> None:
    """Decide by the proof what no probe could see; a variant may differ in just this."""
    if changed:
        finding.required = False
        return
    finding.status = Status.HOLDS
    finding.message = (
        f"follows from the definition, which it equals; not seen by itself: {finding.message}"
    )


def _unclaimed(claim: Claim, proofs: Iterable[Finding]) -> str:
    """Return the option of a proof with which nothing is claimed, "" without one."""
    chosen: dict[str, object] = {}
    for proof in proofs:
        options = proof.evidence.get("options")
        chosen |= options if isinstance(options, dict) else {}
    return next((text for text in claim.unless if chosen_so(text, chosen)), "")
