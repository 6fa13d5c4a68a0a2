"""The module computes what the reference computes, on its own parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from attncheck.blame.edits import locate
from attncheck.data.formula import Formula
from attncheck.equivalence.declared import by_option, declared
from attncheck.equivalence.diagnosis import Diagnosis, diagnose
from attncheck.equivalence.proof import Proof, prove
from attncheck.signature.resolve import resolve
from attncheck.spec.document import ChoiceEntry
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import EQUAL
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


class Equivalence(Claim, frozen=True, kw_only=True):
    """The module is the mechanism: it computes what the reference computes.

    ## What it checks
    The reference reads the module's own parameters, through views, and both are run in double
    precision on random values: outputs, gradients of inputs and of parameters, over sizes,
    batches, training mode and large scores. Every parameter must be consumed. Freedoms are only
    those that the spec declares.

    ## Why it matters
    Equality settles the matter whatever the code looks like. A module that is equal everywhere
    but on one probe is proven faulty there. A module that is not equal may be a variant, so
    "not equal" alone is undecided and its claims decide.

    ## Example
    A gate taken through `.data` is equal in every output and differs in the gradient.
    """

    kind: ClassVar[str] = "equivalence"
    settles: ClassVar[bool] = True
    confirms_itself: ClassVar[bool] = True
    located_by: ClassVar[tuple[str, ...]] = (
        "divergence",
        "gradient cut",
        "mutated",
        "named",
        "repeated",
    )
    faults: ClassVar[tuple[str, ...]] = ("autograd_inplace", "dead_parameter")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        from attncheck.reference.mechanism import Mechanism

        subject = trial.subject
        if not subject.spec.reference:
            return skipped("a family contract has no reference")
        mechanism = resolve(subject.spec.reference)
        if not isinstance(mechanism, Mechanism):
            return undecided("the reference is a plain module: its slots are not named")
        if subject.dtype != "float64":
            return undecided("the module cannot compute in float64")
        proof = prove(mechanism, trial)
        if proof.status == "equal":
            return _outcome(mechanism, proof, by_option(subject, proof))
        if found := declared(mechanism, trial):
            return _outcome(mechanism, *found)
        diagnosis = diagnose(mechanism, proof)
        return _diagnosed(mechanism, diagnosis) if diagnosis else _outcome(mechanism, proof)


def _diagnosed(mechanism: Mechanism, diagnosis: Diagnosis) -> Outcome:
    """The subject computes a mutant of the reference, or the reference and something unused."""
    data = diagnosis.as_data()
    if not diagnosis.mutants:
        names = ", ".join(diagnosis.left_over)
        return violated(
            f"computes what the reference computes, and has parameters besides: {names}",
            expected="every parameter is the mechanism's",
            seen=f"{names} never used",
            parameters=list(diagnosis.left_over),
            diagnosis=data,
        )
    mutant = diagnosis.mutants[0]
    outcome = violated(
        f"computes exactly what the reference computes after someone has {mutant.mistake}",
        expected=mutant.before,
        seen=mutant.after,
        diagnosis=data,
        parameters=list(diagnosis.left_over),
    )
    if diagnosis.binding is None or diagnosis.probe is None:
        return outcome
    location, related = locate(mechanism, mutant, diagnosis.binding, diagnosis.probe)
    return outcome.at(location, *related)


def _outcome(mechanism: Mechanism, proof: Proof, changes: Sequence[ChoiceEntry] = ()) -> Outcome:
    assigned = proof.assignment.describe() if proof.assignment else {}
    evidence: dict[str, Any] = {
        "assignment": assigned,
        "probes": list(proof.probes),
        "tried": proof.tried,
    }
    evidence["options"] = _options(mechanism, proof)
    if changes:
        evidence["changes"] = [
            {"what": change.change, "source": change.source} for change in changes
        ]
    if proof.status == "equal":
        how = "equal" if proof.largest <= EQUAL else "equal up to a constant such as an eps,"
        close = f"{how} to {proof.largest:.1g}" if proof.largest else "equal to the last digit"
        also = f", with {' and '.join(change.change for change in changes)}" if changes else ""
        identity = "variant" if changes else "proven"
        said = f"{close} on {len(proof.probes)} probes{also}"
        return holds(said, **evidence, identity=identity)
    if proof.status == "equal except":
        assert proof.difference is not None
        gap = proof.difference
        seen = gap.note or f"the {gap.what} is {gap.relative:.2g} apart, relatively"
        return violated(
            f"equals the reference except on '{proof.probe}': {seen}",
            expected="equal to the reference",
            seen=seen,
            **evidence,
        )
    if proof.status == "different":
        return undecided(
            f"not equal to the reference: at best {proof.largest:.2g} apart, relatively",
            **evidence,
        )
    return undecided("its parameters do not match the reference's, one by one", **evidence)


def _options(mechanism: Mechanism, proof: Proof) -> dict[str, Any]:
    """Return the options under which it was compared, those that make a difference."""
    if proof.assignment is None:
        return {}
    values = {**mechanism.defaults, **proof.assignment.values}
    slots = mechanism.slots.values()
    told = {word for slot in slots for text in slot.sizes for word in Formula(text).names}
    told |= {slot.bias for slot in slots if isinstance(slot.bias, str)}
    told |= {word for text in mechanism.derived.values() for word in Formula(text).names}
    return {n: values[n] for n in sorted(mechanism.counting(values) - told) if n in values}
