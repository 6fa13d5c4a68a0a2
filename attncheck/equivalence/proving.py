"""Decide whether a subject computes the reference: match, compare, then try to tell them apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attncheck.equivalence.comparing import (
    NEARLY,
    Difference,
    compare_gradients,
    compare_outputs,
)
from attncheck.equivalence.freedoms import known_values
from attncheck.equivalence.matching import Assignment, Matcher
from attncheck.lazy import torch
from attncheck.subject import Subject
from attncheck.target.raising import SubjectError
from attncheck.trial import Tensors, Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_MOST_ASSIGNMENTS = 200
_MOST_SECONDS = 2.0


@dataclass(frozen=True)
class Proof:
    """What came of comparing a subject with the reference.

    Attributes:
        status: ``equal`` on every probe, ``equal except`` on ``probe``, ``different`` on the
            base case under every assignment, or ``unmatched``: no assignment consumes all of
            the subject's parameters.
        assignment: the assignment under which it is equal, or closest.
        largest: the largest relative difference (on the base case where it is different).
        probe: the probe on which it is not equal, and what differs there.
        probes: the probes passed.
        tried: how many assignments were compared.
        at: the trial and inputs on which it differs, and whether in gradients.
    """

    status: str
    assignment: Assignment | None = None
    largest: float = 0.0
    probe: str = ""
    difference: Difference | None = None
    probes: tuple[str, ...] = ()
    tried: int = 0
    at: tuple[Trial, Tensors, bool] | None = None


def prove(mechanism: Mechanism, trial: Trial) -> Proof:
    """Compare the subject with the reference under every likely assignment of its tensors.

    The first assignment under which the base outputs are equal is tried on every probe.
    """
    subject = trial.subject
    module, inputs = trial.module(), trial.inputs()
    deadline = time.process_time() + _MOST_SECONDS
    closest: tuple[float, Assignment] | None = None
    tried = 0
    for assignment in assignments(mechanism, subject, module):
        tried += 1
        found = compare_outputs(mechanism, assignment, trial, module, inputs)
        if found.decided and found.relative <= NEARLY:
            return _probed(mechanism, trial, assignment, tried)
        if found.decided and (closest is None or found.relative < closest[0]):
            closest = (found.relative, assignment)
        if tried >= _MOST_ASSIGNMENTS or time.process_time() > deadline:
            break
    at = (trial, inputs, False)
    if closest is None:
        return Proof("unmatched", tried=tried, at=at)
    return Proof("different", closest[1], closest[0], "base", tried=tried, at=at)


def assignments(
    mechanism: Mechanism, subject: Subject, module: torch.nn.Module, *, relaxed: bool = False
) -> Iterator[Assignment]:
    """Yield the assignments under every choice of the spec's freedoms, likeliest first."""
    for known in known_values(mechanism, subject, module):
        yield from Matcher(mechanism, module, known, relaxed).assignments()


def _without_dropout(module: torch.nn.Module) -> torch.nn.Module:
    """Turn dropout layers off in training mode, where their noise hides everything else."""
    for sub in module.modules():
        if sub.training and isinstance(sub, torch.nn.modules.dropout._DropoutNd):
            sub.p = 0.0
    return module


def _is_random(trial: Trial, inputs: Tensors) -> bool:
    """Say whether the module draws at random in this mode whatever its dropout layers say."""
    module = _without_dropout(trial.module())
    first = trial.run(module, inputs)
    return not torch.equal(first, trial.with_case(seed=trial.case.seed + 1).run(module, inputs))


def _probed(mechanism: Mechanism, base: Trial, assignment: Assignment, tried: int) -> Proof:
    passed: list[str] = []
    largest = 0.0
    for name, trial, inputs, gradients in _probes(base):
        try:
            if trial.case.train and _is_random(trial, inputs):
                continue
            module = _without_dropout(trial.module(draw_seed=len(passed)))
        except SubjectError:
            continue
        compare = compare_gradients if gradients else compare_outputs
        found = compare(mechanism, assignment, trial, module, inputs)
        if not found.decided:
            continue
        if not found.relative <= NEARLY:
            at = (trial, inputs, gradients)
            return Proof("equal except", assignment, largest, name, found, tuple(passed), tried, at)
        largest = max(largest, found.relative)
        passed.append(name)
    return Proof("equal", assignment, largest, probes=tuple(passed), tried=tried)


def _probes(base: Trial) -> Iterator[tuple[str, Trial, Tensors, bool]]:
    """Yield the trials on which a look-alike may give itself away, cheapest first."""
    subject = base.subject
    yield "base", base, base.inputs(), False
    yield "gradients", base, base.inputs(), True
    for case in subject.lattice():
        if case.dims.get("C") == base.dims.get("C") and case.dims != base.dims:
            trial = Trial(subject, case)
            sizes = "×".join(str(n) for n in trial.sizes(trial.axes()))
            yield f"input {sizes}", trial, trial.inputs(), False
    constant = base.with_case(values="ones")
    yield "constant input", constant, constant.inputs(), False
    large = base.with_case(seed=base.case.seed + 3)
    yield "large input", large, {n: 30 * t for n, t in large.inputs().items()}, False
    training = base.with_case(train=True, seed=base.case.seed + 1)
    yield "training mode", training, training.inputs(), False
    yield "gradients in training mode", training, training.inputs(), True
