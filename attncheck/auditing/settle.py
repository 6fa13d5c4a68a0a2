"""What a settled identity says of the other claims: the mechanism itself cannot break them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attncheck.data.choices import chosen_so
from attncheck.data.report import Finding, Status
from attncheck.subject.claim import Claim


def settle(findings: Iterable[Finding], claims: Mapping[str, Claim]) -> None:
    """Put right what speaks against a proof.

    A module that is proven equal to the definition computes what follows from it: where a probe
    sees a claim on the function broken all the same, one of our two answers is wrong, and that is
    an error of ours. A variant may break such a claim by its design change, and neither is too
    dear for being equal: both are something to know.
    """
    told = list(findings)
    proofs = [f for f in told if claims[f.claim].settles and f.status is Status.HOLDS]
    if not proofs:
        return
    changes = [change for proof in proofs for change in proof.changes]
    for finding in told:
        claim = claims[finding.claim]
        if finding.counts and (option := _unclaimed(claim, proofs)):
            finding.status = Status.SKIPPED
            finding.message = f"not claimed with {option}: the definition itself does not meet it"
            continue
        says = claim.says
        if says == "function" and finding.status is Status.UNDECIDED:
            _follow(finding, changed=bool(changes))
        if not finding.counts or not says:
            continue
        if says == "cost" or changes:
            finding.advice = True
            continue
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
