"""Find out which mechanism a subject computes: a look at every definition, then the likely ones.

What a call's axes and the layers' kinds rule out is not searched. Where no definition is equal at
a look, the one that the name means and the nearest are held against it as an audit does, so that
a variant, and a fault, is known for what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from attncheck.auditing.candidates import Candidates
from attncheck.auditing.decide import decide
from attncheck.auditing.job import Job
from attncheck.auditing.looks import Look
from attncheck.auditing.things import request_of
from attncheck.auditing.work import confirmed, meant
from attncheck.catalogue import load
from attncheck.data.identity import Identity
from attncheck.data.report import Finding
from attncheck.equivalence.proof import LOOK, SECOND_LOOK
from attncheck.errors import TargetError
from attncheck.execution.messages import Opened
from attncheck.spec.kinship import (
    akin,
    is_short_for,
    most_special,
    named_so,
    names_family_of,
    specialises,
)
from attncheck.subject.case import Case
from attncheck.subject.prepare import Request, prepare, resolved

_NEAREST = 3
"""Definitions that are searched in full beside the one that the name means."""
_NEAR = 0.75
"""Share of a definition's steps without which nothing but a name speaks for it."""
_IN_PART, _ENOUGH = 0.5, 5
"""Share, and number of steps confirmed, without which it is not even told as the nearest."""


def identify(
    job: Job, note: Callable[[Case], None] | None = None
) -> Iterator[Opened[None] | str | Identity]:
    """Yield the opening, the step and the identity.

    Args:
        job: what to identify; its spec says nothing.
        note: told each case just before it is tried.

    Raises:
        TargetError: it cannot be imported, built or called in any way that we know.
    """
    request = request_of(job)
    resolved(request)
    yield Opened(None)
    for step in job.claims:
        yield step
        yield identified(request)


def identified(request: Request, *, by_name: bool = True) -> Identity:
    """Return what a subject is.

    Args:
        request: what is built and called.
        by_name: whether its name counts.

    Raises:
        TargetError: no call that we can think of works.
    """
    named = named_so(request.name) if by_name else ""
    candidates = Candidates(request, named)
    looks: list[Look] = []
    found: Identity | None = None
    for trying in (False, True):  # what only trying can call costs more than all else
        looks += [] if found else candidates.looks(trying=trying)
        found = found or _settled(looks, named)
    if found is None:
        looks = [look.longer(LOOK) for look in looks]
        found = _proven(looks, named)
    if found is None:
        others = [look.longer(LOOK) for look in candidates.looks(others=True)]
        found = _proven(others, named)
        looks += others
    if not (looks or candidates.contracts):
        _complain(request, named)
    found = found or _proven([*_again(looks)], named)
    found = found or _likely(looks, named) or _unknown(named) or _nearest(looks)
    other = found.mechanism
    related = (
        other is None
        or akin(named, other)
        or named in found.also
        or (
            found.known in ("proven", "variant")
            and (names_family_of(named, other) or is_short_for(request.name, other))
        )
    )
    told = named if named and not related else None
    return replace(found, named=told, families=[*candidates.contracts])


def _settled(looks: list[Look], named: str) -> Identity | None:
    """Return the most special mechanism that a glance shows the subject to equal, None for none.

    The cases of those that it equals, and what its name means, are looked at longer.

    Args:
        looks: what glances came to; the longer looks take their places.
        named: the mechanism that its name means, "" for none.
    """
    equal = most_special(look.spec.id for look in looks if look.is_equal)
    if not equal:
        return None
    for at, look in enumerate(looks):
        name = look.spec.id
        likelier = name == named or any(specialises(name, other) for other in equal)
        looks[at] = look.longer(LOOK) if likelier and not look.is_equal else look
    return _proven(looks, named)


def _again(looks: Sequence[Look]) -> Iterator[Look]:
    """Yield what a longer look comes to at the definitions whose layers are the likest.

    Those of which no assignment was found in a short one, since they may have many layers, and
    those that have as many as the module.
    """
    open_ = [look for look in looks if look.proof.status == "unmatched"]
    likest = sorted(open_, key=lambda look: look.gap)[:_NEAREST]
    likest += [look for look in looks if look.proof.status == "different" and not look.gap]
    for look in likest:
        yield look.longer(SECOND_LOOK)


def _proven(looks: Sequence[Look], named: str) -> Identity | None:
    """Return the most special mechanism that the subject equals, None where it equals none."""
    equal = {look.spec.id: look for look in looks if look.is_equal}
    if not equal:
        return None
    chosen = named if named in equal else _most_special(equal)
    look = equal[chosen]
    return _identity(look, _finding(look), also=[name for name in equal if name != chosen])


def _most_special(equal: Mapping[str, Look]) -> str:
    """Return the mechanism to name among several that a subject equals.

    The definition before its design changes, inputs of its own before one tensor for several, its
    own call before others that it has, a case of another before the other, then the one whose usual
    options it has, tried on the most.
    """
    pure = [name for name, look in equal.items() if not look.changed] or [*equal]
    free = [name for name in pure if not equal[name].ties] or pure
    own = [name for name in free if equal[name].has_own_call] or free
    return min(most_special(own), key=lambda name: equal[name].unusual)


def _likely(looks: Sequence[Look], named: str) -> Identity | None:
    """Return what full searches of the mechanism that is named and of the nearest come to."""
    own = [look for look in looks if look.spec.id == named]
    near = [look for look in looks if look.spec.id != named and look.share >= _NEAR]
    near.sort(key=lambda look: -look.share)
    found = [_identity(look, _finding(look)) for look in [*own, *near[:_NEAREST]]]
    for known in ("proven", "variant", "departs"):
        best = [one for one in found if one.known == known]
        if best:
            return min(best, key=lambda one: (one.mechanism != named, len(one.changes)))
    return None


def _finding(look: Look) -> Finding:
    """Return what an audit finds of a subject's identity with one mechanism."""
    claims = load(look.spec.id).claims
    settling = next((n, claim) for n, claim in claims.items() if claim.settles)
    return decide(*settling, meant(look.subject, claims))


def _identity(look: Look, finding: Finding, also: Sequence[str] = ()) -> Identity:
    """Return in data what a finding says of the identity."""
    known = finding.evidence.get("identity", "unknown")
    departure = finding.evidence.get("departure") or {}
    return Identity(
        look.spec.id,
        known,
        changes=finding.changes,
        also=list(also),
        step=str(departure.get("step", "")),
        location=finding.location,
        message=finding.message,
        call=look.subject.convention.describe(),
    )


def _unknown(named: str) -> Identity | None:
    """Return that nothing but its name says what it is; None without a name."""
    return Identity(named, "named", message="nothing but its name says so") if named else None


def _nearest(looks: Sequence[Look]) -> Identity:
    """Return that no mechanism is known; of an attention also which is near, and what differs.

    A mistake early on, such as a missing scale, leaves few of the definition's steps: enough to
    tell, and too few to say that this mechanism is meant.
    """
    fitting = [look for look in looks if look.proof.status == "different"]
    weighs = bool(fitting) and fitting[0].weighs  # which is the subject's own affair
    near = [look for look in fitting if weighs and look.most >= _IN_PART]
    near.sort(key=lambda look: -look.most)
    for look in near[:_NEAREST]:
        finding = _finding(look)
        if finding.evidence.get("identity") == "departs" and confirmed(finding) >= _ENOUGH:
            said = f"nearest to {look.spec.id}: {finding.message}"
            return Identity(None, "unknown", message=said, location=finding.location)
    return Identity(None, "unknown", message="no mechanism that we know")


def _complain(request: Request, named: str) -> None:
    """Complain about a subject that cannot be called; one that answers something else can be.

    Raises:
        TargetError: no call that we can think of works.
    """
    _, failure = prepare(load(named or "map").document, request)
    if failure is not None:
        raise TargetError(
            f"no call that we can think of works: {failure}",
            where=request.target,
            instead="state the call: --input 2x32x7x11, or 2x16x32 for tokens",
        )
