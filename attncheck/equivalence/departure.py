"""A step of the definition that a subject computes in another way, and what explains a subject."""

from __future__ import annotations

from dataclasses import dataclass

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.recording import Made, Record
from attncheck.equivalence.slices import Slice
from attncheck.equivalence.steps import DefinedStep
from attncheck.lazy import torch


@dataclass(frozen=True)
class Departure:
    """One step that the subject computes in another way.

    Attributes:
        step: the definition's step, with the value that it should have.
        node: what the subject has there.
        value: its value, in the step's shape.
        expected: from known values to the step, in the definition.
        seen: from known values to what the subject has.
        order: what the step reads has the right numbers in another order, since this operator.
        follows: the first of the subject's operators that reads it.
        before: the one value that the definition's step is made of.
        region: the definition's lines from known values to the step.
        right: the subject's lines and operators that make known values.
    """

    step: DefinedStep
    node: Made
    value: torch.Tensor
    expected: Slice
    seen: Slice
    order: Made | None = None
    follows: Made | None = None
    before: torch.Tensor | None = None
    region: frozenset[int] = frozenset()
    right: frozenset[tuple[str, int, str]] = frozenset()


@dataclass(frozen=True)
class Explanation:
    """A subject as the definition with some steps replaced: its output is then the subject's.

    Attributes:
        assignment: which tensors the slots read.
        departures: the steps, in the definition's order.
        before: steps that the subject makes, up to the first departure.
        after: steps after it that it makes again, given the departures.
        slots: slots that a step which the subject makes reads.
        parameters: all parameters that the subject's departures read.
        record: the operators of the subject.
    """

    assignment: Assignment
    departures: tuple[Departure, ...]
    before: int
    after: int
    slots: frozenset[str]
    record: Record

    @property
    def parameters(self) -> frozenset[str]:
        """The parameters that the subject reads where it departs."""
        return frozenset().union(*(d.seen.tensors for d in self.departures))
