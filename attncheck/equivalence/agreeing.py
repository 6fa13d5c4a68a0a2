"""How far a faulty subject goes along with the definition, under each assignment of its tensors.

A mistake leaves most of a definition as it is. Under the right assignment the subject makes, line
for line, what the definition makes, but for the mistake and what follows from it; under a wrong
one it agrees on little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.comparing import Probe
from attncheck.equivalence.marks import made_by_subject, steps_of
from attncheck.lazy import torch

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


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
