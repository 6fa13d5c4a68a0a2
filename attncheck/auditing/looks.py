"""What a look at one definition comes to: whether a subject computes it, else how near it is."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.declared import by_option
from attncheck.equivalence.diagnosis import agreements, likely
from attncheck.equivalence.proof import Effort, Proof, prove
from attncheck.equivalence.recording import record_of
from attncheck.spec import SpecDocument
from attncheck.subject.layouts import answers, error_of
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


@dataclass(frozen=True)
class Look:
    """What a look at one definition came to.

    Attributes:
        spec, mechanism: the definition.
        subject: what was looked at, under the call that computes it if there is one.
        proof: what comparing came to.
        gap: by how many its layers differ from those that the definition usually has.
    """

    spec: SpecDocument
    mechanism: Mechanism
    subject: Subject
    proof: Proof
    gap: int

    @property
    def has_own_call(self) -> bool:
        """Whether it is called as the mechanism is first of all, not as it also may be."""
        return self.subject.convention.call == next(iter(self.spec.calls), "")

    @property
    def ties(self) -> bool:
        """Whether it is given one tensor for several inputs, such as queries and keys."""
        arguments = self.subject.convention.arguments
        data = [a.input for a in arguments if a.input and a.axes and not a.meaning]
        return len(set(data)) < len(data)

    @property
    def is_equal(self) -> bool:
        """Whether the subject equals the definition, and is no mere corner of its sizes."""
        return self.proof.status == "equal" and self.is_bounded

    @property
    def is_bounded(self) -> bool:
        """Whether its window, if it has one, hides anything: one as long as the input is none."""
        values = self.proof.assignment.values if self.proof.assignment else {}
        window = values.get("window") or 0
        lengths = [case.dims.get("N", 0) for case in self.subject.lattice()]
        return not window or window < max(lengths)

    @property
    def unusual(self) -> tuple[int, int]:
        """How many options differ from the definition's own; then probes, the most first."""
        values = self.proof.assignment.values if self.proof.assignment else {}
        usual = self.mechanism.defaults
        options = [n for n in self.spec.options if n in values and n in usual]
        return sum(values[n] != usual[n] for n in options), -len(self.proof.probes)

    @property
    def changed(self) -> bool:
        """Whether what it equals is the definition with design changes."""
        return self.subject.gates or bool(by_option(self.subject, self.proof))

    def longer(self, effort: Effort) -> Look:
        """Return what a longer look comes to; itself where the search had ended."""
        if self.proof.ended:
            return self
        with contextlib.suppress(SubjectError):
            return look_at(self.spec, self.mechanism, self.subject, self.gap, effort)
        return self

    @property
    def weighs(self) -> bool:
        """Whether the subject takes a softmax, or torch's own attention, of what it computes."""
        if (probe := self.proof.at) is None:
            return False
        found = record_of(probe, probe.module())
        return found is not None and any(
            "softmax" in node.operator or "scaled_dot_product" in node.operator
            for node in found[0].nodes
        )

    @cached_property
    def share(self) -> float:
        """Which share of the definition's steps the subject makes, under its closest assignment."""
        assignment = self.proof.assignment
        return self._share([assignment] if assignment else [])

    @cached_property
    def most(self) -> float:
        """Which share of the steps it makes under any likely assignment."""
        if (probe := self.proof.at) is None:
            return 0.0
        with contextlib.suppress(SubjectError):
            return self._share(likely(self.mechanism, self.proof, probe.module()))
        return 0.0

    def _share(self, assignments: Sequence[Assignment]) -> float:
        probe = self.proof.at
        if probe is None or not assignments:
            return 0.0
        with contextlib.suppress(SubjectError):
            found = agreements(self.mechanism, assignments, probe, probe.module())
            steps = [len(a.shared) + len(a.missing) for a in found]
            shares = (len(a.shared) / n for a, n in zip(found, steps, strict=True) if n)
            return max(shares, default=0.0)
        return 0.0


def look_at(
    spec: SpecDocument, mechanism: Mechanism, subject: Subject, gap: int, effort: Effort
) -> Look:
    """Return what a look at one definition comes to, under the call that computes it if any."""
    first: Look | None = None
    for one in (subject, *subject.others):
        if first is not None and first.proof.status == "unmatched" and one.dims == subject.dims:
            break  # what a layer fits, no call tells
        if one is not subject and (error_of(one) is not None or not answers(one)):
            continue
        proof = prove(mechanism, Trial(one, one.base()), effort=effort)
        found = Look(spec, mechanism, one, proof, gap)
        if found.is_equal:
            return found
        first = first or found
    assert first is not None
    return first
