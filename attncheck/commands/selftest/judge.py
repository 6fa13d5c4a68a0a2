"""Audit one mutant as a subject: which claims notice, and what the equivalence says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from attncheck.catalogue import Spec
from attncheck.commands.selftest.settings import Setting
from attncheck.commands.selftest.targets import MutatedMechanism, definition_of, target_of
from attncheck.data.report import Status
from attncheck.equivalence.diagnosis import diagnose
from attncheck.equivalence.proof import Proof, prove
from attncheck.errors import TargetError
from attncheck.subject.claim import Claim, Outcome, undecided
from attncheck.subject.prepare import prepare
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


class Noticed(msgspec.Struct, omit_defaults=True):
    """What an audit of one mutant says.

    Attributes:
        claims: claims that are violated, in the order in which they were tried; only the first
            unless all are asked for.
        equivalence: ``diagnosed`` (as this very mutant), ``except`` (equal but on one probe),
            ``allowed`` (equal under another declared option, layout or name), ``called equal``,
            ``left over`` or ``open``.
        note: the probe, the options, or the exception that belongs to it.
    """

    claims: list[str] = []
    equivalence: str = "open"
    note: str = ""

    @property
    def violates(self) -> bool:
        """Whether the audit accuses the mutant."""
        return bool(self.claims) or self.equivalence in ("diagnosed", "except", "left over")


def judge(spec: Spec, mutant: MutatedMechanism, setting: Setting, *, full: bool) -> Noticed:
    """Return what the spec's claims, and apart from them the equivalence, say of a mutant."""
    target = target_of(mutant.spec, mutant.index)
    request = replace(setting.request(target, mutant), name=f"m{mutant.index}")
    try:
        subject, failure = prepare(spec.document, request)
    except TargetError as error:
        return Noticed([], "open", f"cannot be bound: {error.what}")
    if failure is not None:
        called = [name for name, claim in spec.claims.items() if claim.watches == "forward"]
        return Noticed(called[:1], "open", str(failure))
    found = Noticed()
    for name, claim in in_cheap_order(spec.claims).items():
        if _violates(claim, subject):
            found.claims.append(name)
            if not full:
                break
    found.equivalence, found.note = _equivalence(subject, mutant)
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


def _equivalence(subject: Subject, mutant: MutatedMechanism) -> tuple[str, str]:
    """Compare with the reference as the probe does; look for this one mutant alone."""
    mechanism = definition_of(mutant.spec)
    assert mechanism is not None
    if subject.dtype != "float64":
        return "open", "it cannot compute in float64"
    proof = prove(mechanism, Trial(subject, subject.base()))
    if proof.status == "equal":
        freedom = _freedom(subject, mechanism, proof)
        return ("allowed", freedom) if freedom else ("called equal", "")
    if diagnosis := diagnose(mechanism, proof, [mutant.mutant]):
        return ("diagnosed", "") if diagnosis.mutants else ("left over", "")
    return ("except", proof.probe) if proof.status == "equal except" else ("open", proof.status)


def _freedom(subject: Subject, mechanism: Mechanism, proof: Proof) -> str:
    """Return what the spec leaves open that makes this mutant the mechanism; "" if nothing does.

    Another declared option or layout; or other names for the same tensors, which no weights tell:
    a product transposed is the mechanism with queries called keys.
    """
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
    words += [f"{slot} is {p.unit.owner}" for slot, p in parts if p.unit.owner != slot]
    return ", ".join(words)
