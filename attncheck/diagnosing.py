"""Name the mistake: find the mutant of the reference that computes what the subject computes."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.comparing import (
    EQUAL,
    compare_gradients,
    compare_outputs,
    relative,
)
from attncheck.equivalence.matching import Assignment
from attncheck.equivalence.proving import Proof, assignments
from attncheck.equivalence.reading import run_reference
from attncheck.lazy import torch
from attncheck.mutation.making import mutants_of
from attncheck.mutation.mutant import Mutant
from attncheck.target.raising import SubjectError
from attncheck.trial import Tensors, Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

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
    ``trial`` are those of the comparison.
    """

    mutants: tuple[Mutant, ...]
    left_over: tuple[str, ...] = ()
    binding: Assignment | None = None
    trial: Trial | None = None

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


def diagnose(mechanism: Mechanism, proof: Proof) -> Diagnosis | None:
    """Return the mutants of the reference that the subject equals, or None.

    A mutant must give the subject's output where the reference does not, and again with other
    parameters, inputs and sizes, and its gradients.

    Args:
        mechanism: the reference.
        proof: what comparing with the reference itself came to; not ``equal``.
    """
    if proof.at is None:
        return None
    trial, inputs, gradients = proof.at
    deadline = time.process_time() + _MOST_SECONDS
    try:
        module = trial.module()
        seen = trial.run(module, inputs)
    except SubjectError:
        return None
    bindings = _bindings(mechanism, proof, trial, module)
    for binding in bindings:
        if binding.left_over and _is_reference(mechanism, binding, trial, module, inputs):
            return Diagnosis((), binding.left_over, binding, trial)
    by_rank = itertools.groupby(mutants_of(mechanism), key=lambda mutant: mutant.rank)
    for rank, group in by_rank:
        mutants = list(group)
        for binding in bindings if rank <= _TELLING else bindings[:_MOST_RELAXED]:
            found: list[Mutant] = []
            for mutant in mutants:
                if time.process_time() > deadline or len(found) >= _ENOUGH:
                    break
                if not _gives(mechanism, mutant, binding, trial, module, inputs, seen):
                    continue
                if _equals(mechanism, mutant, binding, trial, module, inputs, gradients):
                    found.append(mutant)
            if found:
                return Diagnosis(tuple(found), binding.left_over, binding, trial)
    return None


def _bindings(
    mechanism: Mechanism, proof: Proof, trial: Trial, module: torch.nn.Module
) -> list[Assignment]:
    """Return the assignments to try, likeliest first; relaxed ones only where none is strict."""
    if proof.status == "equal except" and proof.assignment is not None:
        return [proof.assignment]
    strict = itertools.islice(assignments(mechanism, trial.subject, module), _MOST_BINDINGS)
    found = list(strict)
    if found:
        return found
    relaxed = assignments(mechanism, trial.subject, module, relaxed=True)
    candidates = list(itertools.islice(relaxed, 200))
    candidates.sort(key=lambda a: (len(mechanism.slots) - len(a.parts), len(a.left_over)))
    return candidates[:_MOST_RELAXED]


def _is_reference(
    mechanism: Mechanism,
    binding: Assignment,
    trial: Trial,
    module: torch.nn.Module,
    inputs: Tensors,
) -> bool:
    found = compare_outputs(mechanism, binding, trial, module, inputs)
    return found.decided and found.relative <= EQUAL


def _gives(
    mechanism: Mechanism,
    mutant: Mutant,
    binding: Assignment,
    trial: Trial,
    module: torch.nn.Module,
    inputs: Tensors,
    seen: torch.Tensor,
) -> bool:
    """Say whether the mutant gives the output that was seen; most mutants end here."""
    try:
        made = run_reference(mechanism, binding, module, inputs, trial.dims, mutant.function)
    except Exception:
        return False
    return isinstance(made, torch.Tensor) and relative(seen, made) <= EQUAL


def _equals(
    mechanism: Mechanism,
    mutant: Mutant,
    binding: Assignment,
    trial: Trial,
    module: torch.nn.Module,
    inputs: Tensors,
    gradients: bool,
) -> bool:
    """Say whether the mutant computes what the subject computes, here and elsewhere."""
    function = mutant.function
    if gradients:
        first = compare_gradients(mechanism, binding, trial, module, inputs, function)
        if not (first.decided and first.relative <= EQUAL):
            return False
    confirmed = False
    for again in _elsewhere(trial):
        try:
            other = again.module(draw_seed=1)
        except SubjectError:
            continue
        for check in (compare_outputs, compare_gradients):
            found = check(mechanism, binding, again, other, again.inputs(), function)
            if found.decided and found.relative > 10 * EQUAL:
                return False
            confirmed = confirmed or found.decided
    return confirmed


def _elsewhere(trial: Trial) -> list[Trial]:
    """Return trials with other values, and with other sizes."""
    seed = trial.case.seed + 11
    same = trial.with_case(seed=seed)
    for case in trial.subject.lattice():
        moved = any(case.dims[n] != trial.dims[n] for n in ("H", "W", "N") if n in case.dims)
        if moved and case.dims.get("C") == trial.dims.get("C"):
            return [same, Trial(trial.subject, case)]
    return [same]
