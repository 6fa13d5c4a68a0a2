"""What a settled identity says of the other claims: the mechanism itself cannot break them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
        says = claims[finding.claim].says
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
