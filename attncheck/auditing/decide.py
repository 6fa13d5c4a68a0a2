"""Decide one claim on one subject: walk its cases, confirm a violation, shrink it."""

from __future__ import annotations

import contextlib
import itertools
import time
import traceback
from collections.abc import Iterable, Iterator

import msgspec

from attncheck.blame import blame
from attncheck.data.report import Finding, Status, Witness
from attncheck.signature.absent import AbsentError
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, undecided
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_SHRINK_TRIES = 16
_SHRINK_SECONDS = 4.0
_CASES_SECONDS = 2.0
"""Processor time after which no further case is begun once one has been decided."""


def decide(
    name: str, claim: Claim, subject: Subject, cases: Iterable[Case] | None = None
) -> Finding:
    """Return the finding for one claim.

    The first violation that a second run confirms is the finding, with the smallest case that
    still shows it as the witness. Without one the claim holds if it holds on any case and is
    undecided or skipped otherwise. A module too large for the whole lattice is decided on the
    cases that time allows, the base case first; ``cases`` in the evidence says how many.

    Args:
        name: the claim's name in the spec.
        claim: the claim.
        subject: the implementation.
        cases: the cases to try; the claim's own by default.
    """
    outcomes: list[tuple[Case, Outcome]] = []
    deadline = time.process_time() + _CASES_SECONDS
    try:
        for case in claim.cases(subject) if cases is None else cases:
            outcome = _check(claim, subject, case)
            outcomes.append((case, outcome))
            if outcome.status is Status.VIOLATED:
                sure = claim.confirms_itself
                if sure or _check(claim, subject, case).status is Status.VIOLATED:
                    return _violation(name, claim, subject, case, outcome)
                outcomes[-1] = (case, undecided(f"seen once and not again: {outcome.message}"))
            elif outcome.status is Status.HOLDS and time.process_time() > deadline:
                break
    except Exception as error:
        return _finding(
            name,
            claim,
            Outcome(
                Status.ERROR,
                f"the probe broke: {type(error).__name__}: {error}",
                evidence={"traceback": traceback.format_exc().splitlines()[-12:]},
            ),
        )
    return _finding(name, claim, _summary(outcomes), cases=len(outcomes))


def _check(claim: Claim, subject: Subject, case: Case) -> Outcome:
    try:
        return claim.check(Trial(subject, case))
    except (SubjectError, AbsentError) as error:
        return undecided(str(error))


def _summary(outcomes: list[tuple[Case, Outcome]]) -> Outcome:
    """Return the first answer of the best status that says something, else the first."""
    for status in (Status.HOLDS, Status.UNDECIDED, Status.SKIPPED):
        found = [outcome for _, outcome in outcomes if outcome.status is status]
        if found:
            return next((outcome for outcome in found if outcome.message), found[0])
    return Outcome(Status.SKIPPED, "no case of the spec's lattice applies to this subject")


def _violation(name: str, claim: Claim, subject: Subject, case: Case, outcome: Outcome) -> Finding:
    smallest = case if claim.confirms_itself else _shrink(claim, subject, case)
    trial = Trial(subject, smallest)
    finding = _finding(name, claim, outcome)
    layout = subject.convention.layout
    if subject.tried:
        finding.evidence["tried_sizes"] = subject.tried
    elif layout and not subject.convention.stated:
        finding.evidence["tried_sizes"] = f"{layout} is a guess"
        if case.dims != subject.dims:
            finding.evidence["elsewhere"] = layout
    finding.witness = Witness(
        case=msgspec.to_builtins(smallest),
        shape=list(trial.sizes(trial.axes())),
        confirmed=True,
    )
    finding.location, related = blame(Trial(subject, case), outcome, claim.located_by)
    finding.related = finding.related or related
    return finding


def _finding(name: str, claim: Claim, outcome: Outcome, **evidence: int) -> Finding:
    return claim.answer(
        name,
        outcome.status,
        outcome.message,
        expected=outcome.expected,
        seen=outcome.seen,
        evidence={**outcome.evidence, **evidence},
        location=outcome.location,
        related=list(outcome.related),
        source=claim.why,
    )


def _shrink(claim: Claim, subject: Subject, case: Case) -> Case:
    """Return the smallest case found, dims first and then values, that shows the violation.

    So many cases are tried and no more, so that the same violation has the same witness on a
    slow machine; the time is for modules that take seconds for a call.
    """
    deadline = time.process_time() + _SHRINK_SECONDS
    current, tries = case, 0
    while (found := _first_smaller(claim, subject, current, _SHRINK_TRIES - tries, deadline))[0]:
        current, tries = found[0], tries + found[1]
    return current


def _first_smaller(
    claim: Claim, subject: Subject, case: Case, most: int, deadline: float
) -> tuple[Case | None, int]:
    """Return the first simpler case that shows the violation, and how many were tried."""
    tried = 0
    for smaller in itertools.islice(_smaller(subject, case), max(most, 0)):
        if time.process_time() > deadline:
            break
        tried += 1
        with contextlib.suppress(Exception):  # a case too small for the probe is no witness
            if _check(claim, subject, smaller).status is Status.VIOLATED:
                return smaller, tried
    return None, tried


def _smaller(subject: Subject, case: Case) -> Iterator[Case]:
    """Yield simpler cases, boldest first: all sizes at once, one by one, simpler values."""
    varied = {n: case.dims[n] for n in sorted(subject.variable)}
    together = [{n: min(size, small) for n, size in varied.items()} for small in (1, 2, 3)]
    apart = [
        {**varied, name: smaller}
        for name, size in varied.items()
        for smaller in sorted({1, 2, size // 2})
        if 1 <= smaller < size
    ]
    for sizes in [*together, *apart]:
        dims = subject.dims_with(**sizes)
        if dims != case.dims and subject.in_domain(dims):
            yield msgspec.structs.replace(case, dims=dims)
    for values in ("ones", "ramp"):
        if case.values == "normal":
            yield msgspec.structs.replace(case, values=values)
