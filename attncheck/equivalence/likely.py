"""Which tensors a faulty subject's slots most likely read: nothing equal confirms it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.proving import Proof
from attncheck.equivalence.searching import assignments
from attncheck.lazy import torch

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

STRICT = 24
"""Assignments that consume every parameter."""
RELAXED = 6
"""Assignments with parameters left over or slots left empty."""


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
