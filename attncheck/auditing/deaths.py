"""What becomes of an audit's claims when the child that tries them hangs or dies."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence

import msgspec

from attncheck.auditing.job import Job, name_finding
from attncheck.data.report import Finding, Status, Witness
from attncheck.execution.deaths import Death
from attncheck.subject.claim import Claim

_WHEN = {
    "constructor": "when it is built, ",
    "forward": "when it is called, ",
    "backward": "in its backward pass, ",
}


def findings_after(
    death: Death, job: Job, claims: Mapping[str, Claim], waiting: Sequence[str]
) -> dict[str, Finding]:
    """Return the findings that a death decides; a fresh child tries the other claims.

    Args:
        death: how the child ended.
        job: what it was asked.
        claims: the claims that the job names.
        waiting: those that have no finding yet.
    """
    if death.kind == "time":
        why = f"the time for one subject is up ({death.number:g} s)"
        return {name: left_out(name, claims[name], why, skipped=False) for name in waiting}
    name = death.step or _claim_of(death.phase, claims, waiting)
    forged = death.kind == "forged"
    if forged:  # whichever it is: what was found before is no pass either
        name = name or _claim_of(death.phase, claims, job.claims)
    if forged or death.kind == "patched":  # that it runs may not have been asked
        name = name or waiting[0]
    found: dict[str, Finding] = {}
    if name:
        found[name] = finding_of(death, name, claims[name])
        if found[name].status is Status.VIOLATED:
            name_finding(job, found[name])
    if forged or not death.step or claims[name].watches:  # no other can be tried
        why = f"the module {death.sentence()}"
        # What comes before has an answer, which did not leave in time: it is tried again.
        first = waiting.index(death.step) if death.step in waiting and not forged else 0
        for other in waiting[first:]:
            if other != name:
                found[other] = left_out(other, claims[other], why, skipped=bool(name))
    return found


def _claim_of(phase: str, claims: Mapping[str, Claim], names: Sequence[str]) -> str:
    """Return the claim that speaks of being built and called, "" if none is to be tried."""
    watching = [name for name in names if claims[name].watches]
    built = phase == "constructor"
    same = (name for name in watching if (claims[name].watches == "constructor") is built)
    return next(same, watching[0] if watching else "")


def finding_of(death: Death, name: str, claim: Claim) -> Finding:
    """Return the finding of the claim that a death ended."""
    accused = bool(claim.watches) or death.by_the_subject
    if death.kind == "signal" and death.number == signal.SIGKILL:
        accused = False
    when = "" if death.kind in ("forged", "patched") else _WHEN.get(death.phase, "")
    message = f"{when}the module {death.sentence()}"
    if not accused and death.kind == "hang":
        message = f"no answer in {death.number:g} s"
    location = death.location()
    finding = claim.answer(
        name,
        Status.VIOLATED if accused else Status.UNDECIDED,
        message,
        expected="an answer" if accused else "",
        seen=_seen(death) if accused else "",
        evidence=_evidence(death),
        location=location,
        source=claim.why,
    )
    if accused and death.case is not None:
        finding.witness = Witness(case=msgspec.to_builtins(death.case), confirmed=death.sudden)
    return finding


def _seen(death: Death) -> str:
    return {
        "hang": "a hang",
        "closed": "closed descriptors",
        "exit": "an exit",
        "patched": "patched functions",
        "forged": "forged answers",
        "raises": "an exception",
    }.get(death.kind, "a crash")


def _evidence(death: Death) -> dict[str, object]:
    printed = [line for line in death.output.splitlines() if line.strip()][-12:]
    phase = "claim" if death.phase == "step" else death.phase
    return {"death": death.kind, "phase": phase, "output": [p[:200] for p in printed]}


def left_out(name: str, claim: Claim, why: str, *, skipped: bool) -> Finding:
    """Return the finding of a claim that is no longer tried."""
    return claim.answer(name, Status.SKIPPED if skipped else Status.UNDECIDED, why)
