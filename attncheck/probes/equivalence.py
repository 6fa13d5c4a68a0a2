"""The module computes what the reference computes, on its own parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from attncheck.blame.edits import locate
from attncheck.data.formula import Formula
from attncheck.data.report import Location, Status
from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.choices import LEFT_ON
from attncheck.equivalence.comparison import Probe
from attncheck.equivalence.declared import (
    Unkept,
    by_option,
    declared,
    promised_otherwise,
    said_otherwise,
)
from attncheck.equivalence.departure import Departure
from attncheck.equivalence.diagnosis import Diagnosis, diagnose
from attncheck.equivalence.guessed import guess_in
from attncheck.equivalence.identity import Resemblance, identity_of, line_of, place_of
from attncheck.equivalence.proof import Proof, is_random, only_an_eps_tells, prove
from attncheck.equivalence.recording import Made, record_of
from attncheck.mutation.making import mutants_of
from attncheck.signature.resolve import resolve
from attncheck.source.places import place
from attncheck.spec.document import ChoiceEntry
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.precision import low_precisions
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import EQUAL
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


_FOR_A_NAME = 1000
"""Runs of mutants that a name is worth, where the departure is known."""
_MOST_CALLERS = 2
_FACTOR = "a factor before a norm, of which its eps alone leaves a trace"
_GATE = "returns its gate for the caller to multiply"


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
        # Which of several calls is meant was asked before: the answer is not looked for twice.
        case = msgspec.json.encode(trial.case)
        if case not in trial.subject.settled:
            trial.subject.settled[case] = self._decided(trial)
        found: Outcome = trial.subject.settled[case]
        return found

    def _decided(self, trial: Trial) -> Outcome:
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
        if proof.status == "equal" and (said := said_otherwise(mechanism, subject, proof)):
            return _unheeded(proof, *said)
        if proof.status == "equal" and (broken := promised_otherwise(mechanism, subject, proof)):
            return _unkept(trial, broken)
        if proof.status == "equal":
            outcome = _outcome(mechanism, proof, by_option(subject, proof))
            scaled = only_an_eps_tells(mechanism, proof, trial)
            return _gated(subject, _scaled(outcome) if scaled else outcome)
        if (rounded := _rounded(mechanism, trial, proof)) is not None:
            return rounded
        if found := declared(mechanism, trial):
            return _gated(subject, _outcome(mechanism, *found))
        identity = identity_of(mechanism, proof)
        if (identity is None or identity.first[1].what != LEFT_ON) and _is_drawn(trial):
            return undecided("each call in eval mode gives another output: nothing to compare")
        if identity is not None and identity.changes:
            return _gated(subject, _variant(identity))
        if identity is not None:
            made = identity.explanation.assignment
            outcome = _departed(mechanism, proof, identity)
            return _doubted(mechanism, outcome, made, proof.at)
        diagnosis = diagnose(mechanism, proof)
        if diagnosis is None:
            return _outcome(mechanism, proof)
        outcome = _diagnosed(mechanism, diagnosis)
        return _doubted(mechanism, outcome, diagnosis.binding, diagnosis.probe)


def _doubted(
    mechanism: Mechanism, outcome: Outcome, made: Assignment | None, probe: Probe | None
) -> Outcome:
    """Leave open what may be a number of ours, which nothing of the subject states."""
    if made is None or probe is None or not outcome.expected:
        return outcome
    number = guess_in(mechanism, made, probe, outcome.expected)
    if not number:
        return outcome
    said = f"{outcome.message}; that is with a guess of its {number}: --set {number}=… states it"
    evidence = {**outcome.evidence, "identity": "unknown", "guessed": number}
    return replace(outcome, status=Status.UNDECIDED, message=said, evidence=evidence)


def _is_drawn(trial: Trial) -> bool:
    """Say whether the subject draws at random in eval mode, so that no step of it can be found."""
    return is_random(Probe("base", trial, trial.inputs()))


def _unheeded(proof: Proof, option: str, told: bool) -> Outcome:
    """The subject computes the mechanism, and not as its own constructor was told."""
    return violated(
        f"its constructor has {option}={told}, and forward computes what {option}={not told} is",
        expected=f"{option}={told}",
        seen=f"{option}={not told}",
        identity="departs",
        assignment=proof.assignment.describe() if proof.assignment else {},
    )


def _rounded(mechanism: Mechanism, trial: Trial, proof: Proof) -> Outcome | None:
    """Say that the subject is the mechanism but for sums in half precision, or return None."""
    recorded = record_of(Probe("base", trial, trial.inputs()), trial.module())
    low = [
        node
        for node in (recorded[0].nodes if recorded else [])
        if node.of_data and node.tensor.dtype in low_precisions()
    ]
    if not low:
        return None
    lifted = Trial(replace(trial.subject, lifted=True), trial.case)
    if prove(mechanism, lifted).status != "equal":
        return None
    kind = str(low[0].tensor.dtype).removeprefix("torch.")
    outcome = violated(
        f"half precision: it is computed in {kind} from here on, and differs from the definition "
        f"by {proof.largest:.2g}, relatively; without the cast it is equal",
        expected="the precision of its inputs",
        seen=kind,
        identity="departs",
    )
    at = next((node for node in low if node.path), None)
    return outcome if at is None else outcome.at(place(at.path, at.line, f"{kind} from here on"))


def _scaled(outcome: Outcome) -> Outcome:
    """Say that the subject has a factor before a norm, which takes it out again."""
    change = {"what": _FACTOR, "source": ""}
    changes = [*outcome.evidence.get("changes", []), change]
    evidence = {**outcome.evidence, "identity": "variant", "changes": changes}
    return replace(outcome, message=f"{outcome.message}, with {_FACTOR}", evidence=evidence)


def _unkept(trial: Trial, broken: Unkept) -> Outcome:
    """The subject computes the mechanism, and not as its own docstring says."""
    outcome = violated(
        f"its docstring says: '{broken.sentence}', and forward does otherwise: {broken.seen}",
        expected=broken.expected,
        seen=broken.seen,
        identity="departs",
    )
    recorded = record_of(Probe("base", trial, trial.inputs()), trial.module())
    nodes = recorded[0].nodes if recorded else []
    read = next((node for node in nodes if broken.weight in node.reads and node.path), None)
    return outcome if read is None else outcome.at(place(read.path, read.line, "read here"))


def _gated(subject: Subject, outcome: Outcome) -> Outcome:
    """Say so where the subject returns the gate of what this says it is."""
    if not subject.gates:
        return outcome
    changes = [_GATE, *outcome.evidence.get("changes", [])]
    return replace(
        outcome,
        message=f"{outcome.message}; {_GATE}",
        evidence={**outcome.evidence, "identity": "variant", "changes": changes},
    )


def _variant(identity: Resemblance) -> Outcome:
    """The subject is the definition with design changes."""
    changes = identity.changes
    made = identity.explanation
    return holds(
        f"equals the definition with {_list_of(changes)}",
        identity="variant",
        changes=changes,
        sources=identity.sources,
        assignment=made.assignment.describe(),
    )


def _departed(mechanism: Mechanism, proof: Proof, identity: Resemblance) -> Outcome:
    """The subject leaves the definition at a step that is known."""
    departure, reading = identity.first
    found = identity.as_data()
    evidence: dict[str, Any] = {"identity": "departs", "departure": found}
    if further := [r.headline for r in identity.readings if r.what != reading.what]:
        evidence["further"] = list(dict.fromkeys(further))
    node = place_of(departure)
    path, line = line_of(departure, node)
    here = place(path, line, "here it leaves the definition") if path else None
    message = reading.headline
    related = list(_around(departure, node, line))
    diagnosis = _named(mechanism, proof, identity)
    if diagnosis is not None:
        evidence["diagnosis"] = diagnosis.as_data()
        if reading.is_vague:
            mutant = diagnosis.mutants[0]
            message = f"{reading.headline}, as after someone has {mutant.mistake}"
            if diagnosis.binding is not None and diagnosis.probe is not None:
                mutated, others = locate(mechanism, mutant, diagnosis.binding, diagnosis.probe)
                here, related = mutated or here, [*others, *related]
    wanted = departure.step.line.text
    outcome = violated(message, expected=wanted, seen=reading.seen, **evidence)
    return outcome.at(here, *related)


def _named(mechanism: Mechanism, proof: Proof, identity: Resemblance) -> Diagnosis | None:
    """Return the mutants that are this departure: those of its lines first."""
    departure, _ = identity.first
    near = [m for m in mutants_of(mechanism) if m.line in departure.region]
    found = diagnose(mechanism, proof, near, [identity.explanation.assignment]) if near else None
    if found is None or not found.mutants:
        found = diagnose(mechanism, proof, most=_FOR_A_NAME)
    return found if found is not None and found.mutants else None


def _around(departure: Departure, first: Made, line: int) -> Iterator[Location]:
    """Yield where what departs is made and used, and what called that."""
    for node, note in ((departure.node, "made here"), (departure.follows, "used here")):
        if node is not None and node.path and node.line != line:
            yield place(node.path, node.line, note)
    for path, number in first.callers[:_MOST_CALLERS]:
        if number != line:
            yield place(path, number, "called from here")


def _list_of(said: list[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


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
            identity="departs",
        )
    mutant = diagnosis.mutants[0]
    outcome = violated(
        f"computes exactly what the reference computes after someone has {mutant.mistake}",
        expected=mutant.before,
        seen=mutant.after,
        diagnosis=data,
        parameters=list(diagnosis.left_over),
        identity="departs",
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
            identity="departs",
            **evidence,
        )
    if proof.status == "different":
        return undecided(
            f"not equal to the reference: at best {proof.largest:.2g} apart, relatively",
            identity="unknown",
            **evidence,
        )
    return undecided(
        "its parameters do not match the reference's, one by one", identity="unknown", **evidence
    )


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
