"""Find out which mechanism a subject computes: a look at every definition, then the likely ones.

What a call's axes and the layers' kinds rule out is not searched. Where no definition is equal at
a look, the one that the name means and the nearest are held against it as an audit does, so that
a variant, and a fault, is known for what it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from attncheck.auditing.decide import decide
from attncheck.auditing.job import Job
from attncheck.auditing.things import request_of
from attncheck.auditing.work import meant
from attncheck.catalogue import Spec, load
from attncheck.data.identity import Identity
from attncheck.data.report import Finding
from attncheck.equivalence.declared import by_option
from attncheck.equivalence.diagnosis import agreements
from attncheck.equivalence.kinds import Layers
from attncheck.equivalence.proof import LOOK, SECOND_LOOK, Proof, prove
from attncheck.equivalence.search import parameters_beside
from attncheck.errors import AttncheckError, TargetError
from attncheck.execution.messages import Opened
from attncheck.signature.resolve import resolve
from attncheck.spec.kinship import akin, is_short_for, most_special, named_so
from attncheck.spec.shelf import CONTRACTS, spec_ids
from attncheck.subject.case import Case
from attncheck.subject.layouts import answers, error_of
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_NEAREST = 3
"""Definitions that are searched in full beside the one that the name means."""
_NEAR = 0.75
"""Share of a definition's steps without which nothing but a name speaks for it."""


@dataclass(frozen=True)
class _Look:
    """What a look at one definition came to.

    Attributes:
        spec, mechanism: the definition.
        subject: what was looked at, under the call that computes it if there is one.
        proof: what comparing came to.
        gap: by how many its layers differ from those that the definition usually has.
    """

    spec: Spec
    mechanism: Mechanism
    subject: Subject
    proof: Proof
    gap: int

    @property
    def has_own_call(self) -> bool:
        """Whether it is called as the mechanism is first of all, not as it also may be."""
        return self.subject.convention.call == next(iter(self.spec.document.calls), "")

    @property
    def ties(self) -> bool:
        """Whether it is given one tensor for several inputs, such as queries and keys."""
        arguments = self.subject.convention.arguments
        data = [a.input for a in arguments if a.input and a.axes and not a.meaning]
        return len(set(data)) < len(data)

    @property
    def is_equal(self) -> bool:
        """Whether the subject equals the definition, and is no mere corner of its sizes."""
        return self.proof.status == "equal" and self.is_bounded

    @property
    def is_bounded(self) -> bool:
        """Whether its window, if it has one, hides anything: one as long as the input is none."""
        values = self.proof.assignment.values if self.proof.assignment else {}
        window = values.get("window") or 0
        lengths = [case.dims.get("N", 0) for case in self.subject.lattice()]
        return not window or window < max(lengths)

    @property
    def unusual(self) -> tuple[int, int]:
        """How many options differ from the definition's own; then probes, the most first."""
        values = self.proof.assignment.values if self.proof.assignment else {}
        usual = self.mechanism.defaults
        options = [n for n in self.spec.document.options if n in values and n in usual]
        return sum(values[n] != usual[n] for n in options), -len(self.proof.probes)

    @property
    def changed(self) -> bool:
        """Whether what it equals is the definition with design changes."""
        return self.subject.gates or bool(by_option(self.subject, self.proof))

    @cached_property
    def share(self) -> float:
        """Which share of the definition's steps the subject makes, under its closest assignment."""
        probe, assignment = self.proof.at, self.proof.assignment
        if probe is None or assignment is None:
            return 0.0
        with contextlib.suppress(SubjectError):
            found = agreements(self.mechanism, [assignment], probe, probe.module())[0]
            steps = len(found.shared) + len(found.missing)
            return len(found.shared) / steps if steps else 0.0
        return 0.0


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
    if request.factory is None:
        resolve(request.target, request.folder, modules_only=request.modules_only)
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
    contracts = {n: taken for n in CONTRACTS if (taken := _prepared(load(n), request))}
    # What gives tokens for tokens is no mechanism of maps, although a layer takes those, too.
    contracts = {n: taken for n, taken in contracts.items() if answers(taken)} or contracts
    looks = list(_looks(request, named, contracts))
    if not (found := _proven(looks, named)):
        looks += _looks(request, named, contracts, others=True)
        found = _proven(looks, named)
    if not (looks or contracts):
        _complain(request, named)
    found = found or _proven([*_again(looks)], named)
    found = found or _likely(looks, named) or _unknown(named)
    other = found.mechanism
    related = (
        other is None
        or akin(named, other)
        or named in found.also
        or (found.known in ("proven", "variant") and is_short_for(request.name, other))
    )
    told = named if named and not related else None
    return replace(found, named=told, families=[*contracts])


def _prepared(spec: Spec, request: Request) -> Subject | None:
    """Return the subject built and called as a spec asks, None where that does not work."""
    try:
        subject, failure = prepare(spec.document, request)
    except AttncheckError:
        return None
    return subject if failure is None and subject.dtype == "float64" else None


def _looks(
    request: Request, named: str, contracts: Mapping[str, Subject], *, others: bool = False
) -> Iterator[_Look]:
    """Yield what a look at each definition that may be meant comes to.

    Args:
        request: what is built and called.
        named: the mechanism that its name means, "" for none.
        contracts: the families whose calls it takes, with the subject so called.
        others: look at those alone that no such call speaks for: tokens may lie in a map, and a
            second input beside the first.
    """
    layers = {name: _layers(subject) for name, subject in contracts.items()}
    known = {_ranks(subject.convention.inputs) for subject in contracts.values()}
    usual = set().union(*(_calls(load(name)) for name in CONTRACTS))
    for name in sorted(spec_ids(), key=lambda name: name != named):
        spec = load(name)
        mechanism = _definition(spec)
        if mechanism is None or others == (name == named or _takes(spec, known, usual)):
            continue
        there = layers.get(spec.document.family)
        if others:
            there = there or next(iter(layers.values()))
        if there is not None and name != named and there.rule_out(mechanism):
            continue
        if (subject := _prepared(spec, request)) is None:
            continue
        own = there or _layers(subject)
        if name == named or not own.rule_out(mechanism):
            with contextlib.suppress(SubjectError):
                yield _look(spec, mechanism, subject, own.gap(mechanism))


def _layers(subject: Subject) -> Layers:
    module = subject.construct(subject.dims)
    return Layers(module, parameters_beside(subject, module))


def _ranks(call: Mapping[str, Collection[str]]) -> tuple[int, ...]:
    """Return how many axes the inputs of a call have, numbers left out."""
    return tuple(sorted(len(axes) for axes in call.values() if axes))


def _calls(spec: Spec) -> set[tuple[int, ...]]:
    return {
        _ranks({name: axes.split() for name, axes in call.items() if name != "returns"})
        for call in spec.document.calls.values()
    }


def _takes(
    spec: Spec, known: Collection[tuple[int, ...]], usual: Collection[tuple[int, ...]]
) -> bool:
    """Say whether a spec has a call that the subject may take.

    Args:
        spec: the spec.
        known: axes of the inputs that it is known to take.
        usual: those of the contracts' calls; of calls that no contract has, only trying can tell.
    """
    return not known or any(ranks in known or ranks not in usual for ranks in _calls(spec))


def _definition(spec: Spec) -> Mechanism | None:
    from attncheck.reference.mechanism import Mechanism

    found = resolve(spec.document.reference) if spec.document.reference else None
    return found if isinstance(found, Mechanism) else None


def _look(spec: Spec, mechanism: Mechanism, subject: Subject, gap: int, steps: int = LOOK) -> _Look:
    """Return what a look at one definition comes to, under the call that computes it if any."""
    first: _Look | None = None
    for one in (subject, *subject.others):
        if one is not subject and (error_of(one) is not None or not answers(one)):
            continue
        proof = prove(mechanism, Trial(one, one.base()), steps=steps)
        look = _Look(spec, mechanism, one, proof, gap)
        if look.is_equal:
            return look
        first = first or look
    assert first is not None
    return first


def _again(looks: Sequence[_Look]) -> Iterator[_Look]:
    """Yield what a longer look comes to at the definitions whose layers are the likest.

    Those of which no assignment was found in a short one, since they may have many layers, and
    those that have as many as the module.
    """
    open_ = [look for look in looks if look.proof.status == "unmatched"]
    likest = sorted(open_, key=lambda look: look.gap)[:_NEAREST]
    likest += [look for look in looks if look.proof.status == "different" and not look.gap]
    for look in likest:
        with contextlib.suppress(SubjectError):
            yield _look(look.spec, look.mechanism, look.subject, look.gap, SECOND_LOOK)


def _proven(looks: Sequence[_Look], named: str) -> Identity | None:
    """Return the most special mechanism that the subject equals, None where it equals none."""
    equal = {look.spec.id: look for look in looks if look.is_equal}
    if not equal:
        return None
    chosen = named if named in equal else _most_special(equal)
    look = equal[chosen]
    return _identity(look, _finding(look), also=[name for name in equal if name != chosen])


def _most_special(equal: Mapping[str, _Look]) -> str:
    """Return the mechanism to name among several that a subject equals.

    The definition before its design changes, inputs of its own before one tensor for several, its
    own call before others that it has, a case of another before the other, then the one whose usual
    options it has, tried on the most.
    """
    pure = [name for name, look in equal.items() if not look.changed] or [*equal]
    free = [name for name in pure if not equal[name].ties] or pure
    own = [name for name in free if equal[name].has_own_call] or free
    return min(most_special(own), key=lambda name: equal[name].unusual)


def _likely(looks: Sequence[_Look], named: str) -> Identity | None:
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


def _finding(look: _Look) -> Finding:
    """Return what an audit finds of a subject's identity with one mechanism."""
    claims = look.spec.claims
    settling = next((n, claim) for n, claim in claims.items() if claim.settles)
    return decide(*settling, meant(look.subject, claims))


def _identity(look: _Look, finding: Finding, also: Sequence[str] = ()) -> Identity:
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


def _unknown(named: str) -> Identity:
    """Return that nothing confirms any mechanism, not even the one that is named."""
    if named:
        return Identity(named, "named", message="nothing but its name says so")
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
