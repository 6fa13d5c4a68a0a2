"""Audit one mutant as a subject: which claims notice, and what the equivalence says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from attncheck.auditing.work import meant
from attncheck.catalogue import Spec
from attncheck.commands.selftest.settings import Setting
from attncheck.commands.selftest.targets import MutatedMechanism, definition_of, disguise, target_of
from attncheck.data.report import Status
from attncheck.equivalence.proof import prove
from attncheck.errors import TargetError
from attncheck.subject.claim import Claim, Outcome, undecided
from attncheck.subject.prepare import prepare
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

ACCUSING = ("diagnosed", "departs", "except", "left over")
"""What the equivalence may say of a mutant that makes an audit violate."""


class Noticed(msgspec.Struct, omit_defaults=True):
    """What an audit of one mutant says.

    Attributes:
        claims: claims that are violated, in the order in which they were tried; only the first
            unless all are asked for.
        equivalence: ``diagnosed`` (as this very mutant), ``except`` (equal but on one probe),
            ``allowed`` (equal under another declared option, layout or name), ``variant`` (equal
            after a design change), ``called equal``, ``departs``, ``left over`` or ``open``.
        note: the probe, the options, the changes, or the exception that belongs to it.
    """

    claims: list[str] = []
    equivalence: str = "open"
    note: str = ""

    @property
    def violates(self) -> bool:
        """Whether the audit accuses the mutant."""
        return bool(self.claims) or self.equivalence in ACCUSING


def judge(spec: Spec, mutant: MutatedMechanism, setting: Setting, *, full: bool) -> Noticed:
    """Return what the spec's claims, and apart from them the equivalence, say of a mutant."""
    target = target_of(mutant.spec, mutant.index)
    request = replace(setting.request(target, mutant), name=f"m{mutant.index}")
    try:
        subject, failure = prepare(spec.document, request)
    except TargetError as error:
        return Noticed([], "open", f"cannot be bound: {error.what}")
    subject = meant(subject, spec.claims)
    if failure is not None:
        called = [name for name, claim in spec.claims.items() if claim.watches == "forward"]
        return Noticed(called[:1], "open", str(failure))
    found = Noticed()
    for name, claim in in_cheap_order(spec.claims).items():
        if _violates(claim, subject):
            found.claims.append(name)
            if not full:
                break
    found.equivalence, found.note = _equivalence(spec, subject, mutant)
    return found


def in_cheap_order(claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """Return the claims that count, without equivalence: cheap ones that notice much first."""
    counted = {n: c for n, c in claims.items() if not c.advice and not c.settles}
    return dict(sorted(counted.items(), key=lambda item: item[1].turn))


def _violates(claim: Claim, subject: Subject) -> bool:
    """Decide as an audit does: a violation counts if a second run confirms it."""
    for case in claim.cases(subject):
        trial = Trial(subject, case)
        if _checked(claim, trial).status is Status.VIOLATED and (
            claim.confirms_itself or _checked(claim, trial).status is Status.VIOLATED
        ):
            return True
    return False


def _checked(claim: Claim, trial: Trial) -> Outcome:
    try:
        return claim.check(trial)
    except SubjectError as error:
        return undecided(str(error))


def _equivalence(spec: Spec, subject: Subject, mutant: MutatedMechanism) -> tuple[str, str]:
    """Return what the claim that settles the matter says, and what belongs to it."""
    claim = next((claim for claim in spec.claims.values() if claim.settles), None)
    if claim is None:
        return "open", "no claim settles what it is"
    outcome = _checked(claim, Trial(subject, subject.base()))
    if outcome.status is Status.HOLDS:
        if changes := outcome.evidence.get("changes"):
            return "variant", "; ".join(map(str, changes))
        freedom = _freedom(subject, mutant)
        return ("allowed", freedom) if freedom else ("called equal", "")
    if outcome.status is not Status.VIOLATED:
        return "open", outcome.message
    diagnosis = outcome.evidence.get("diagnosis") or {}
    if diagnosis.get("mutants"):
        return "diagnosed", outcome.message
    if diagnosis.get("left_over"):
        return "left over", outcome.message
    return ("departs" if outcome.evidence.get("departure") else "except"), outcome.message


def _freedom(subject: Subject, mutant: MutatedMechanism) -> str:
    """Return what the spec leaves open that makes this mutant the mechanism; "" if nothing does.

    Another declared option or layout; or other names for the same tensors, which no weights tell:
    a product transposed is the mechanism with queries called keys, and heads cut with the other
    axis inside are its rows in another order.
    """
    mechanism = definition_of(mutant.spec)
    assert mechanism is not None
    proof = prove(mechanism, Trial(subject, subject.base()))
    if proof.assignment is None:
        return ""
    arguments = subject.binding.arguments(subject.dims)
    own = mechanism.values({n: v for n, v in arguments.items() if n in mechanism.defaults})
    chosen = proof.assignment.values
    words = [
        f"{name}={chosen[name]}"
        for name in subject.spec.options
        if name in chosen and name in own and chosen[name] != own[name]
    ]
    if subject.convention.layout:
        words.append(f"layout {subject.convention.layout}")
    parts = proof.assignment.parts.items()
    own_names = {name: slot for slot, name in disguise(mutant).items()}
    owners = {slot: own_names.get(p.unit.owner, p.unit.owner) for slot, p in parts}
    words += [f"{slot} is {owner}" for slot, owner in owners.items() if owner != slot]
    words += [f"{slot}: heads innermost" for slot, part in parts if part.has_inner_heads]
    return ", ".join(words)
