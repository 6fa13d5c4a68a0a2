"""Name the mistake: find the mutant of the reference that computes what the subject computes.

A mistake leaves most of a definition as it is. Under the right assignment the subject makes, line
for line, what the definition makes, but for the mistake and what follows from it; under a wrong
one it agrees on little. Where nothing equal confirms an assignment, that tells which is likely.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.bound import bound
from attncheck.equivalence.comparison import Probe, compare, relative
from attncheck.equivalence.marks import made_by_subject, steps_of
from attncheck.equivalence.proof import PATIENCE, Proof
from attncheck.equivalence.search import assignments
from attncheck.lazy import torch
from attncheck.mutation.making import mutants_of
from attncheck.mutation.mutant import Mutant
from attncheck.mutation.operators import all_operators
from attncheck.mutation.operators.gradient import CUT
from attncheck.mutation.suspects import suspects
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import EQUAL
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


Rounds = Iterator[tuple[Assignment, list[Mutant]]]

MOST_RUNS = 3000
"""Runs of mutants, two or three seconds. The budget is no clock: a slow machine says the same."""
_LIKELIEST = 6
_SUREST = 2
_ELSEWHERE = 2
"""Neither on a line where the subject leaves the definition nor around one."""
_ENOUGH = 8
_TELLING = 2
"""Operators up to this rank are tried under every binding, the long tail under the likeliest."""

STRICT = 24
"""Assignments that consume every parameter."""
RELAXED = 6
"""Assignments with parameters left over or slots left empty."""


@dataclass(frozen=True)
class Diagnosis:
    """The mutants that compute exactly what the subject computes, most telling first.

    ``left_over`` are parameters of the subject that neither the reference nor the mutant reads;
    with no mutant, the subject computes the reference and has them besides. ``binding`` and
    ``probe`` are those of the comparison.
    """

    mutants: tuple[Mutant, ...]
    left_over: tuple[str, ...] = ()
    binding: Assignment | None = None
    probe: Probe | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the diagnosis as the report holds it."""
        return {
            "mutants": [
                {
                    "operator": mutant.operator,
                    "mistake": mutant.mistake,
                    "diff": mutant.diff,
                    "line": mutant.line,
                }
                for mutant in self.mutants
            ],
            "left_over": list(self.left_over),
            "sure": "one mutant" if len(self.mutants) == 1 else "several mutants alike",
        }


def diagnose(
    mechanism: Mechanism,
    proof: Proof,
    mutants: Sequence[Mutant] | None = None,
    candidates: Sequence[Assignment] | None = None,
    most: int = MOST_RUNS,
) -> Diagnosis | None:
    """Return the mutants of the reference that the subject equals, or None.

    A mutant must give the subject's output where the reference does not, and again with other
    parameters, inputs and sizes, and its gradients.

    Args:
        mechanism: the reference.
        proof: what comparing with the reference itself came to; not ``equal``.
        mutants: those to look among, most telling first; all by default.
        candidates: the assignments to look under; the likely ones by default.
        most: how many runs of mutants it may take.
    """
    if proof.at is None:
        return None
    probe = proof.at
    try:
        module = probe.module()
        seen = probe.trial.run(module, probe.inputs)
    except SubjectError:
        return None
    among = likely(mechanism, proof, module) if candidates is None else candidates
    agreed = agreements(mechanism, among, probe, module)
    for binding in (a.assignment for a in agreed):
        if binding.left_over and _is_reference(mechanism, binding, probe, module):
            return Diagnosis((), binding.left_over, binding, probe)
    budget = itertools.count(most, -1)
    deadline = time.process_time() + PATIENCE

    def of(binding: Assignment) -> Sequence[Mutant]:
        return mutants or mutants_of(mechanism.under(binding.values))

    for binding, group in _rounds(of, agreed):
        found: list[Mutant] = []
        spent = False
        run = _runner(mechanism, binding, probe, module)
        for mutant in group:
            if mutant.operator == CUT and not probe.gradients:
                continue
            spent = next(budget) <= 0 or time.process_time() > deadline
            if spent or len(found) >= _ENOUGH:
                break
            made = run(mutant)
            if made is None or relative(seen, made) > EQUAL:
                continue
            if _equals(mechanism, mutant, binding, probe, module):
                found.append(mutant)
        if found:
            return Diagnosis(tuple(found), binding.left_over, binding, probe)
        if spent:
            break
    return None


def _rounds(mutants: Callable[[Assignment], Sequence[Mutant]], agreed: list[Agreement]) -> Rounds:
    """Yield which mutants to try under which assignment, likeliest first, none twice.

    First come those on lines where the subject leaves the definition, the telling ones before the
    long tail, then the telling ones under every assignment, then the rest of the tail.
    """
    ranks = sorted({operator.rank for operator in all_operators()})
    telling = [rank for rank in ranks if rank <= _TELLING]
    tail = [rank for rank in ranks if rank > _TELLING]
    best = [a for a in agreed if len(a.shared) == len(agreed[0].shared)][:_LIKELIEST]
    lines: dict[int, tuple[frozenset[int], ...]] = {}

    def nearness(agreement: Agreement, mutant: Mutant) -> int:
        if agreement not in best:
            return _ELSEWHERE
        if id(agreement) not in lines:
            lines[id(agreement)] = suspects(mutant.definition, agreement.missing)
        tiers = lines[id(agreement)]
        return next((n for n, tier in enumerate(tiers) if mutant.line in tier), _ELSEWHERE)

    for some, among, wanted in (
        (telling, best, 0),
        (tail, best[:_SUREST], 0),
        (telling, best, 1),
        (tail, best[:_SUREST], 1),
        (telling, agreed[:_LIKELIEST], _ELSEWHERE),
        (tail, best[_SUREST:], 0),
        (telling, agreed[_LIKELIEST:], _ELSEWHERE),
        (tail, best[_SUREST:], 1),
        (tail, agreed[:_LIKELIEST], _ELSEWHERE),
    ):
        for rank in some:
            for a in among:
                ours = (m for m in mutants(a.assignment) if m.rank == rank)
                yield a.assignment, [m for m in ours if nearness(a, m) == wanted]


def _runner(
    mechanism: Mechanism, binding: Assignment, probe: Probe, module: torch.nn.Module
) -> Callable[[Mutant], torch.Tensor | None]:
    """Return what gives a mutant's output, None where it raises; most mutants end here."""
    data = [probe.inputs[name] for name in probe.data]
    try:
        run = bound(mechanism, binding, module, data, probe.trial.dims, hidden=probe.hidden)
    except Exception:  # a unit that this binding reads in vain
        return lambda mutant: None

    def made(mutant: Mutant) -> torch.Tensor | None:
        try:
            with torch.no_grad():
                output = run(mutant.function)
        except Exception:
            return None
        return output if isinstance(output, torch.Tensor) else None

    return made


def _is_reference(
    mechanism: Mechanism, binding: Assignment, probe: Probe, module: torch.nn.Module
) -> bool:
    found = compare(mechanism, binding, probe, module)
    return found.decided and found.relative <= EQUAL


def _equals(
    mechanism: Mechanism,
    mutant: Mutant,
    binding: Assignment,
    probe: Probe,
    module: torch.nn.Module,
) -> bool:
    """Say whether the mutant computes what the subject computes, in gradients and elsewhere."""
    if probe.gradients:
        found = compare(mechanism, binding, probe, module, mutant.function)
        if not (found.decided and found.relative <= EQUAL):
            return False
    confirmed = False
    for again in _elsewhere(probe):
        try:
            other = again.module(draw_seed=1)
        except SubjectError:
            continue
        for gradients in (False, True):
            checked = replace(again, gradients=gradients)
            found = compare(mechanism, binding, checked, other, mutant.function)
            if found.decided and found.relative > 10 * EQUAL:
                return False
            confirmed = confirmed or found.decided
    return confirmed


def _elsewhere(probe: Probe) -> list[Probe]:
    """Return the probe with other values, and comparisons at another size."""
    trial = probe.trial
    other = trial.with_case(seed=trial.case.seed + 11)
    inputs = {**probe.inputs, **other.inputs()}
    found = [replace(probe, trial=other, inputs=inputs)]
    for case in trial.subject.lattice():
        moved = any(case.dims[n] != trial.dims[n] for n in ("H", "W", "N") if n in case.dims)
        if moved and case.dims.get("C") == trial.dims.get("C") and probe.hidden is None:
            sized = Trial(trial.subject, case)
            again = replace(probe, name="another size", trial=sized, inputs=sized.inputs())
            return [*found, replace(again, gradients=False)]
    return found


@dataclass(frozen=True)
class Agreement:
    """What of the definition the subject makes under one assignment.

    Attributes:
        assignment: the assignment.
        shared: the lines of the definition, counted in its file, whose value the subject makes.
        missing: those whose value it never makes.
    """

    assignment: Assignment
    shared: frozenset[int]
    missing: frozenset[int]


def agreements(
    mechanism: Mechanism,
    assignments: Sequence[Assignment],
    probe: Probe,
    module: torch.nn.Module,
) -> list[Agreement]:
    """Return what each assignment agrees on, the most first, otherwise in the order given."""
    made = made_by_subject(probe, module)
    found = []
    for assignment in assignments:
        steps = steps_of(mechanism.function, mechanism, assignment, probe, module)
        shared = frozenset(line for line, value in steps if value in made)
        missing = frozenset(line for line, _ in steps) - shared
        found.append(Agreement(assignment, shared, missing))
    return sorted(found, key=lambda agreement: -len(agreement.shared))


def likely(mechanism: Mechanism, proof: Proof, module: torch.nn.Module) -> list[Assignment]:
    """Return the assignments to try, likeliest first; relaxed ones only where none is strict.

    Args:
        mechanism: the reference.
        proof: what comparing with the reference came to, with the probe on which they differ.
        module: the subject.
    """
    if proof.status == "equal except" and proof.assignment is not None:
        return [proof.assignment]
    assert proof.at is not None
    subject = proof.at.trial.subject
    # Nothing confirms the options of a faulty subject, and some mistakes stand in one branch.
    found = list(itertools.islice(assignments(mechanism, subject, module), STRICT))
    if found:
        return found
    relaxed = assignments(mechanism, subject, module, relaxed=True)
    fewest = (2 * len(mechanism.slots) + 2) // 3  # with fewer it is another mechanism
    candidates = [a for a in itertools.islice(relaxed, 200) if len(a.parts) >= fewest]
    candidates.sort(key=lambda a: (len(mechanism.slots) - len(a.parts), len(a.left_over)))
    return candidates[:RELAXED]
