"""The first step of the definition that a subject does not compute, and what it has there instead.

Under the right assignment a subject makes most of the definition's values, whatever their shape
and order. Where one is missing although what goes in is there, the subject's own values are put in
its place, one after another: if what follows is then the subject's again, the fault is this step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.comparison import Probe, relative
from attncheck.equivalence.departure import Departure, Explanation
from attncheck.equivalence.recording import Made, Record, record_of
from attncheck.equivalence.slices import Slice, slice_of
from attncheck.equivalence.steps import RETURN, DefinedStep, Key, Rerun, Stepwise
from attncheck.equivalence.values import Figures, figures, in_shape, same_order
from attncheck.lazy import torch
from attncheck.subject.tolerance import EQUAL

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_MOST_RUNS = 250  # of the definition, under one assignment
_MOST_DEPARTURES = 6
_WIDEST = 6  # steps between known values and the departing one: with more, nothing is explained
_FEW = 3  # steps that the subject must make, or it is tried inside a host
_LONGEST = 12  # operators of the subject between known values and the departing one


def explained(
    mechanism: Mechanism, candidates: Sequence[Assignment], probe: Probe, module: torch.nn.Module
) -> Iterator[Explanation]:
    """Yield what explains the subject under each assignment, in the order given.

    Args:
        mechanism: the definition.
        candidates: the assignments to try.
        probe: the comparison on which subject and definition differ.
        module: the subject.
    """
    made = record_of(probe, module)
    if made is None:
        return
    for assignment in candidates:
        try:
            stepwise = Stepwise(mechanism, assignment, probe, module)
            search = _Search(stepwise, *made)
            yield from (found for found in (search.explain(), search.inside()) if found)
        except RuntimeError:
            continue


@dataclass
class _Search:
    """The search under one assignment."""

    stepwise: Stepwise
    record: Record
    output: torch.Tensor
    runs: int = 0
    _owners: dict[str, str] = field(default_factory=dict)
    _inputs: dict[str, Figures] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._inputs = {n: figures(t) for n, t in self.stepwise.probe.inputs.items()}
        for slot, part in self.stepwise.assignment.parts.items():
            for name in (*part.unit.names, part.bias):
                self._owners.setdefault(name, slot)

    def inside(self) -> Explanation | None:
        """Return what explains a subject that computes the definition of something of its own."""
        first = self._run({}, recorded=True)
        if first is None or sum(map(self._tells, self._steps_found(first))) >= _FEW:
            return None
        self.runs = 0
        start = self._inside(first)
        return None if start is None else self.explain([start])

    def _steps_found(self, run: Rerun) -> list[DefinedStep]:
        return [run.steps[key] for key in self._found(run, {})]

    def explain(self, start: Sequence[Departure] = ()) -> Explanation | None:
        """Return what explains the subject, given departures that are known."""
        departures = list(start)
        given = {departure.step.key: departure.value for departure in start}
        first = self._run({}, recorded=True)
        if first is None:
            return None
        before = self._found(first, {})
        while True:
            run = self._run(given, recorded=True)
            if run is None:
                return None
            if departures and self._equal(run):
                return self._finished(departures, first, before, run, given)
            departure = self._next(run, given, departures)
            if departure is None or len(departures) == _MOST_DEPARTURES:
                return None
            departures.append(departure)
            given[departure.step.key] = departure.value

    def _inside(self, first: Rerun) -> Departure | None:
        """Return what the definition is computed of, where that is no input: inside a host."""
        probe = self.stepwise.probe
        name = probe.data[0]
        wanted = probe.inputs[name]
        known = [figures(wanted)]
        best: tuple[int, Made] | None = None
        for node in self.record.nodes:
            alike = node.tensor.ndim == wanted.ndim and len(node.tensor) == len(wanted)
            if node.is_constant or not alike or any(map(node.figures.same, known)):
                continue
            known.append(node.figures)
            run = self._run({(-1, 0): node.tensor}) if self.runs < _MOST_RUNS else None
            if run is not None:
                keys = [k for k in self._found(run, {}) if self._tells(run.steps[k])]
                count = _different(
                    run.steps[k] for k in keys if not run.steps[k].figures.same(node.figures)
                )
                if best is None or count > best[0]:
                    best = count, node
        if best is None or best[0] < _FEW:
            return None
        node = best[1]
        line = replace(first.steps[next(iter(first.steps))].line, text=name, names=(name,))
        step = DefinedStep((-1, 0), name, line, wanted, is_leaf=True)
        expected = Slice((), (), frozenset({name}), frozenset(), name)
        seen = slice_of(self.record, node.index, {}, self._named)
        if len(seen.nodes) > _LONGEST:
            return None
        return Departure(step, node, node.tensor, expected, seen)

    def _finished(
        self,
        departures: list[Departure],
        first: Rerun,
        before: Mapping[Key, list[Made]],
        last: Rerun,
        given: Mapping[Key, torch.Tensor],
    ) -> Explanation:
        start = departures[0].step.key
        found = self._found(last, given)
        ahead = {k for k in before if _earlier(first, k, start) and self._tells(first.steps[k])}
        again = {
            k for k in found if not _earlier(last, k, start) and self._tells(last.steps[k])
        } - {d.step.key for d in departures}
        slots = _slots(last, {*ahead, *again}, self.stepwise.probe.data)
        return Explanation(
            self.stepwise.assignment,
            tuple(departures),
            _different(first.steps[k] for k in ahead),
            _different(last.steps[k] for k in again),
            slots,
            self.record,
        )

    def _tells(self, step: DefinedStep) -> bool:
        """Say whether finding a step's value tells anything: no input, no constant."""
        return step.varies and not step.is_leaf and not step.figures.flat and not self._input(step)

    def _run(self, given: Mapping[Key, torch.Tensor], *, recorded: bool = False) -> Rerun | None:
        self.runs += 1
        return self.stepwise.run(given, recorded=recorded)

    def _equal(self, run: Rerun) -> bool:
        return relative(self.output, run.output) <= EQUAL

    def _found(self, run: Rerun, given: Mapping[Key, torch.Tensor]) -> dict[Key, list[Made]]:
        """Return the steps whose value the subject makes, and where."""
        found: dict[Key, list[Made]] = {}
        for key, step in run.steps.items():
            if step.is_leaf:
                found[key] = []
            elif step.name != RETURN and not step.figures.flat:
                nodes = list(self.record.alike(step.figures))
                if nodes or key in given:
                    found[key] = nodes
        return found

    def _next(
        self, run: Rerun, given: Mapping[Key, torch.Tensor], before: Sequence[Departure]
    ) -> Departure | None:
        """Return the next departure: the earliest step that explains what follows."""
        found = self._found(run, given)
        partly: Departure | None = None
        for step in self._missing(run, found, given):
            best = 0
            for node, value in self._candidates(step):
                if self.runs > _MOST_RUNS:
                    return partly
                other = self._run({**given, step.key: value})
                if other is None:
                    continue
                if self._equal(other):
                    made = self._departure(run, found, step, node, value)
                    if made is not None:
                        return made
                    continue
                gain = self._gained(other, found, step, value) if partly is None else 0
                if gain > best:
                    made = self._departure(run, found, step, node, value)
                    if made is not None:
                        best, partly = gain, made
            if partly is not None and before:
                return partly
        return partly or self._moved(run, found, given)

    def _moved(
        self, run: Rerun, found: Mapping[Key, list[Made]], given: Mapping[Key, torch.Tensor]
    ) -> Departure | None:
        """Return the step whose numbers the subject has, but in another order."""
        for key, step in run.steps.items():
            if key in given or step.figures.flat or not step.varies:
                continue
            nodes = found.get(key) or list(self.record.alike(step.figures))
            for node in nodes:
                for value in in_shape(node.tensor, tuple(step.value.shape)):
                    if self.runs > _MOST_RUNS or torch.equal(value, step.value):
                        continue
                    other = self._run({**given, key: value})
                    if other is not None and self._equal(other):
                        kept = {k: n for k, n in found.items() if k != key}
                        return self._departure(run, kept, step, node, value)
        return None

    def _gained(
        self,
        other: Rerun,
        found: Mapping[Key, list[Made]],
        step: DefinedStep,
        value: torch.Tensor,
    ) -> int:
        """Return how many later steps the subject makes if this one has that value."""
        known = figures(value)
        gained = 0
        for key in self._found(other, {}):
            later = other.steps[key]
            if key not in found and key != step.key and not later.figures.same(known):
                gained += self._tells(later)
        return gained

    def _missing(
        self, run: Rerun, found: Mapping[Key, list[Made]], given: Mapping[Key, torch.Tensor]
    ) -> Iterator[DefinedStep]:
        for key, step in run.steps.items():
            if key not in found and key not in given and step.varies and key[1] < 1000:
                yield step

    def _candidates(self, step: DefinedStep) -> Iterator[tuple[Made, torch.Tensor]]:
        """Yield the subject's values that may stand in a step's place, each once."""
        shape = tuple(step.value.shape)
        if step.name == RETURN:
            whole = list(self.record.alike(figures(self.output)))
            yield from [(whole[-1], self.output)] if whole else []
            return
        seen: list[tuple[object, torch.Tensor]] = []
        turned: list[tuple[Made, torch.Tensor]] = []
        for node in self.record.nodes:
            if node.is_constant or node.figures.count != step.value.numel():
                continue
            if node.figures.same(step.figures):
                continue
            for at, value in enumerate(in_shape(node.tensor, shape)):
                if any(f == node.figures and torch.equal(v, value) for f, v in seen):
                    continue
                seen.append((node.figures, value))
                if at:
                    turned.append((node, value))
                else:
                    yield node, value
        yield from turned

    def _departure(
        self,
        run: Rerun,
        found: Mapping[Key, list[Made]],
        step: DefinedStep,
        node: Made,
        value: torch.Tensor,
    ) -> Departure | None:
        """Return the departure, or None where what lies between explains nothing."""
        assert run.record is not None
        region = _region(run, found, step)
        if len(region) > _WIDEST:
            return None
        known = [run.steps[key] for key in found if run.steps[key].varies]
        read = {name for key in region for name in run.steps[key].line.reads}
        known.sort(key=lambda one: one.name not in read)  # of two names the one that is read here
        ours: dict[int, str] = {}
        theirs: dict[int, str] = {}
        for one in known:
            name = self._input(one) or next(k.name for k in known if k.figures.same(one.figures))
            place = run.record.place_of(one.value)
            if isinstance(place, int):
                ours.setdefault(place, name)
            for made in found[one.key]:
                theirs.setdefault(made.index, name)
        wanted = run.record.place_of(step.value)
        if wanted is None:
            return None
        expected = slice_of(run.record, wanted, ours, self._named, root=step.name == RETURN)
        seen = slice_of(self.record, node.index, theirs, self._named)
        if len(seen.nodes) > _LONGEST or (step.name == RETURN and seen.text == expected.text):
            return None
        direct = [one for one in known if one.name in read]
        stops = [one for one in known if one.name in expected.stops]
        return Departure(
            step,
            node,
            value,
            expected,
            seen,
            self._scrambled(direct or known, seen.starts) if expected.text == seen.text else None,
            next((n for n in self.record.nodes if node.index in n.reads), None),
            stops[0].value if len(stops) == 1 else None,
            frozenset(run.steps[key].line.number for key in region),
            frozenset(self._work_of(node) for one in known for node in found[one.key]),
        )

    def _input(self, step: DefinedStep) -> str:
        """Return the input whose numbers a step only moves, "" for other steps."""
        return next((name for name, f in self._inputs.items() if step.figures.same(f)), "")

    def _scrambled(self, known: Sequence[DefinedStep], starts: Sequence[Made]) -> Made | None:
        """Return where a known value got another order than any order of its axes."""
        for node in starts:
            same = [one.value for one in known if one.figures.same(node.figures)]
            if same and not _in_order(node, same):
                while isinstance(node.reads[0] if node.reads else None, int):
                    above = self.record.nodes[node.reads[0]]  # type: ignore[index]
                    if not above.figures.same(node.figures) or _in_order(above, same):
                        break
                    node = above
                return node
        return None

    def _work_of(self, node: Made) -> tuple[str, int, str]:
        """Return the line and operator that compute a value, not those that only move it."""
        while node.is_view and node.reads and isinstance(node.reads[0], int):
            node = self.record.nodes[node.reads[0]]
        return node.path, node.line, node.operator

    def _named(self, parameter: str) -> str:
        """Return what a formula calls a parameter: its slot, else its layer."""
        if parameter in self._owners:
            return self._owners[parameter]
        head, _, last = parameter.rpartition(".")
        return head if head and last in ("weight", "bias") else parameter


def _in_order(node: Made, values: Sequence[torch.Tensor]) -> bool:
    return any(same_order(node.tensor, value) for value in values)


def _earlier(run: Rerun, key: Key, other: Key) -> bool:
    if other[0] < 0:  # an input
        return False
    order = list(run.steps)
    return order.index(key) < order.index(other) if other in order else True


def _slots(run: Rerun, keys: set[Key], inputs: Sequence[str]) -> frozenset[str]:
    """Return the slots that these steps read, as they are or as a step of slots alone has them."""
    values = {*inputs, *(step.name for step in run.steps.values())}
    named = {s.name: s for s in run.steps.values() if s.is_leaf or not s.line.reads & values}
    read = {name for key in keys for name in run.steps[key].line.reads}
    read |= {name for alias in read & named.keys() for name in named[alias].line.reads}
    return frozenset(name.removeprefix("p.") for name in read if name.startswith("p."))


def _different(steps: Iterator[DefinedStep] | Sequence[DefinedStep]) -> int:
    """Return how many values these steps have: one that is only reshaped counts once."""
    kept: list[DefinedStep] = []
    for step in steps:
        if not any(step.figures.same(other.figures) for other in kept):
            kept.append(step)
    return len(kept)


def _region(run: Rerun, found: Mapping[Key, list[Made]], step: DefinedStep) -> set[Key]:
    """Return the steps from known values to this one, itself included."""
    made_on: dict[str, Key] = {}
    reads: dict[Key, set[Key]] = {}
    for key, one in run.steps.items():
        reads[key] = {made_on[name] for name in one.line.reads if name in made_on}
        made_on[one.name] = key
    region, waiting = set(), [step.key]
    while waiting:
        key = waiting.pop()
        if key not in region and (key == step.key or key not in found):
            region.add(key)
            waiting += reads[key]
    return region
