"""Name the mistake: find the mutant of the reference that computes what the subject computes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.comparing import EQUAL, Probe, compare, reference_output, relative
from attncheck.equivalence.freedoms import known_values
from attncheck.equivalence.matching import Matcher
from attncheck.equivalence.proving import Proof, assignments
from attncheck.lazy import torch
from attncheck.mutation.making import mutants_of
from attncheck.mutation.mutant import Mutant
from attncheck.mutation.operators.gradient import CUT
from attncheck.target.raising import SubjectError
from attncheck.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism
    from attncheck.subject import Subject

_MOST_SECONDS = 4.0
_MOST_BINDINGS = 24
_MOST_RELAXED = 6
_ENOUGH = 8
_TELLING = 2
"""Operators up to this rank are tried under every binding, the long tail under the likeliest."""


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
    mechanism: Mechanism, proof: Proof, mutants: Sequence[Mutant] | None = None
) -> Diagnosis | None:
    """Return the mutants of the reference that the subject equals, or None.

    A mutant must give the subject's output where the reference does not, and again with other
    parameters, inputs and sizes, and its gradients.

    Args:
        mechanism: the reference.
        proof: what comparing with the reference itself came to; not ``equal``.
        mutants: those to look among, most telling first; all by default.
    """
    if proof.at is None:
        return None
    probe = proof.at
    deadline = time.process_time() + _MOST_SECONDS
    try:
        module = probe.trial.module()
        seen = probe.trial.run(module, probe.inputs)
    except SubjectError:
        return None
    bindings = _bindings(mechanism, proof, module)
    for binding in bindings:
        if binding.left_over and _is_reference(mechanism, binding, probe, module):
            return Diagnosis((), binding.left_over, binding, probe)
    by_rank = itertools.groupby(mutants or mutants_of(mechanism), key=lambda mutant: mutant.rank)
    for rank, group in by_rank:
        wanted = [m for m in group if probe.gradients or m.operator != CUT]
        for binding in bindings if rank <= _TELLING else bindings[:_MOST_RELAXED]:
            found: list[Mutant] = []
            for mutant in wanted:
                if time.process_time() > deadline or len(found) >= _ENOUGH:
                    break
                made = _output(mechanism, mutant, binding, probe, module)
                if made is None or relative(seen, made) > EQUAL:
                    continue
                if _equals(mechanism, mutant, binding, probe, module):
                    found.append(mutant)
            if found:
                return Diagnosis(tuple(found), binding.left_over, binding, probe)
    return None


def _output(
    mechanism: Mechanism,
    mutant: Mutant,
    binding: Assignment,
    probe: Probe,
    module: torch.nn.Module,
) -> torch.Tensor | None:
    """Return what the mutant gives, None where it raises; most mutants end here."""
    function = mutant.function
    made = reference_output(mechanism, binding, probe, module, probe.inputs, function)
    return made if isinstance(made, torch.Tensor) else None


def _bindings(mechanism: Mechanism, proof: Proof, module: torch.nn.Module) -> list[Assignment]:
    """Return the assignments to try, likeliest first; relaxed ones only where none is strict."""
    if proof.status == "equal except" and proof.assignment is not None:
        return [proof.assignment]
    assert proof.at is not None
    subject = proof.at.trial.subject
    found = _of_all_options(mechanism, subject, module)
    if found:
        return found
    relaxed = assignments(mechanism, subject, module, relaxed=True)
    fewest = (2 * len(mechanism.slots) + 2) // 3  # with fewer it is another mechanism
    candidates = [a for a in itertools.islice(relaxed, 200) if len(a.parts) >= fewest]
    candidates.sort(key=lambda a: (len(mechanism.slots) - len(a.parts), len(a.left_over)))
    return candidates[:_MOST_RELAXED]


def _of_all_options(
    mechanism: Mechanism, subject: Subject, module: torch.nn.Module
) -> list[Assignment]:
    """Return the likeliest strict assignments, those of each choice of options in turn.

    Nothing confirms the options of a faulty subject, and some mistakes stand in one branch only.
    """
    choices = [
        Matcher(mechanism, module, known).assignments()
        for known in known_values(mechanism, subject, module)
    ]
    found: list[Assignment] = []
    while choices and len(found) < _MOST_BINDINGS:
        going = []
        for choice in choices:
            if (one := next(choice, None)) is not None:
                found.append(one)
                going.append(choice)
        choices = going
    return found[:_MOST_BINDINGS]


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
            other = again.trial.module(draw_seed=1)
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
            return [*found, Probe("another size", sized, sized.inputs())]
    return found
