"""Where a subject leaves the reference: values of both are compared, entry by entry."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from attncheck.blame.layers import made_for
from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.bound import run_reference
from attncheck.equivalence.search import assignments
from attncheck.lazy import torch
from attncheck.signature.resolve import resolve
from attncheck.source.files import OwnFiles
from attncheck.source.paired import Traced, differs, traced
from attncheck.source.places import Blame, at_step
from attncheck.source.tracing import RETURNED, Step, Value, tracing
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial

_SECONDS = 0.8
_MOST = 24


def divergence(trial: Trial, outcome: Outcome) -> Blame | None:
    """The line whose result the reference does not know, although it knows what went into it.

    Entries are looked up by value among all that the reference computes, so that the subject may
    reshape, split, fuse and order as it likes.
    """
    name = trial.subject.spec.reference
    mechanism: Any = resolve(name) if name else None
    if not hasattr(mechanism, "slots"):
        return None
    module, inputs = trial.module(), trial.inputs()
    with torch.no_grad():
        run = traced(trial, module, inputs)
        other = traced(trial, trial.module(draw_seed=1), trial.inputs(draw_seed=1))
    if run.output is None:
        return None
    best: Flow | None = None
    deadline = time.monotonic() + _SECONDS
    for relaxed in (False, True):
        found = assignments(mechanism, trial.subject, module, relaxed=relaxed)
        for assignment in itertools.islice(found, _MOST):
            with torch.no_grad():
                known = _entries(mechanism, assignment, module, trial, inputs)
            if known is not None:
                flow = Flow(run, other, known)
                best = flow if best is None or flow.score > best.score else best
            if time.monotonic() > deadline:
                break
        if best is not None:
            break
    return _blame(best) if best is not None and best.score else None


def _blame(flow: Flow) -> Blame | None:
    last = flow.last
    if last is None or flow.knows(last):
        return None
    index = flow.root(last)
    step = flow.steps[index]
    note = "here the values leave those of the reference"
    before = [at_step(flow.steps[i], "this goes in") for i in flow.sources(index)]
    return Blame(at_step(step, note), [*made_for(step), *before[::-1]])


def _entries(
    mechanism: Any,
    assignment: Assignment,
    module: torch.nn.Module,
    trial: Trial,
    inputs: dict[str, torch.Tensor],
) -> torch.Tensor | None:
    """Return every number that the reference computes on these tensors, sorted."""
    with tracing(OwnFiles(mechanism)) as steps:
        try:
            run_reference(mechanism, assignment, module, list(inputs.values()), trial.dims)
        except Exception:
            return None
    tensors = [v.tensor for s in steps for v in s.values.values() if not v.number]
    numbers = [t.double().flatten() for t in tensors if t.is_floating_point()]
    numbers += [t.double().flatten() for t in inputs.values()]
    return torch.cat(numbers).sort().values


@dataclass
class Flow:
    """The steps of a run, and which of their values the reference computes too.

    Attributes:
        run: the subject's run.
        other: a run on other values, which tells constants.
        entries: the reference's numbers, sorted.
    """

    run: Traced
    other: Traced
    entries: torch.Tensor
    _known: dict[tuple[int, str], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, step in enumerate(self.steps):
            for name, value in step.values.items():
                self._known[index, name] = self._constant(index, name) or self._contains(value)

    @property
    def steps(self) -> list[Step]:
        """The subject's steps."""
        return self.run.steps

    @property
    def score(self) -> int:
        """How many values are known and say something."""
        return sum(
            known and not self._constant(index, name)
            for (index, name), known in self._known.items()
        )

    @property
    def last(self) -> int | None:
        """The step that returned the output."""
        found = (i for i in range(len(self.steps) - 1, -1, -1) if RETURNED in self.steps[i].values)
        return next(found, None)

    def _constant(self, index: int, name: str) -> bool:
        value = self.steps[index].values[name]
        if value.number or not value.tensor.is_floating_point():
            return True
        if index >= len(self.other.steps):
            return False
        there = self.other.steps[index].values.get(name)
        apart = differs(value.tensor, there.tensor) if there else None
        return apart is not None and not bool(apart.any())

    def _contains(self, value: Value) -> bool:
        numbers = value.tensor.double().flatten()
        numbers = numbers[numbers.isfinite()]
        if not numbers.numel() or not self.entries.numel():
            return True
        place = torch.searchsorted(self.entries, numbers).clamp(1, len(self.entries) - 1)
        near = torch.minimum(
            (self.entries[place] - numbers).abs(), (self.entries[place - 1] - numbers).abs()
        )
        return bool((near <= 1e-9 * numbers.abs().clamp(min=1e-3)).all())

    def knows(self, index: int, names: frozenset[str] | None = None) -> bool:
        """Say whether the reference knows a step's values (of these names)."""
        return all(
            self._known[index, name]
            for name in self.steps[index].values
            if names is None or name.split("[")[0] in names
        )

    def sources(self, index: int) -> Iterator[int]:
        """Yield the earlier steps of the same call that made what a step reads."""
        step = self.steps[index]
        wanted = set(step.statement.reads) if step.statement else set()
        for earlier in range(index - 1, -1, -1):
            before = self.steps[earlier]
            made = {n.split("[")[0] for n in before.values}
            if before.frame == step.frame and made & wanted:
                wanted -= made
                yield earlier

    def _called(self, index: int) -> Iterator[int]:
        """Yield the steps that returned to this one: the subject's own functions called by it."""
        frame = self.steps[index].frame
        for earlier in range(index - 1, -1, -1):
            if self.steps[earlier].frame == frame:
                return
            if RETURNED in self.steps[earlier].values:
                yield earlier

    def root(self, index: int) -> int:
        """Return the first unknown step from which a step's unknown value comes."""
        for _ in range(len(self.steps)):
            statement = self.steps[index].statement
            reads = statement.reads if statement else None
            unknown = [i for i in self.sources(index) if not self.knows(i, reads)]
            unknown = unknown or [i for i in self._called(index) if not self.knows(i)]
            if not unknown:
                break
            index = min(unknown)
        return index
