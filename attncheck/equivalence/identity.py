"""What a subject that does not equal its definition is: a variant of it, or where it departs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment, Part
from attncheck.equivalence.choices import ALONG, BY, Reading, other_mask, other_numbers, read
from attncheck.equivalence.comparison import Probe, compare
from attncheck.equivalence.departure import Departure, Explanation
from attncheck.equivalence.diagnosis import Agreement, agreements, likely
from attncheck.equivalence.proof import Proof, _probes
from attncheck.equivalence.recording import Made
from attncheck.equivalence.search import assignments
from attncheck.equivalence.slices import PRODUCTS, SAME
from attncheck.equivalence.splice import explained
from attncheck.equivalence.steps import RETURN
from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import EQUAL, NEARLY

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_MOST_ASSIGNMENTS = 8
_MOST_RELAXED = 60
_ENOUGH = 2
"""Steps that the subject makes, at least, for its assignment to be believed."""


@dataclass(frozen=True)
class Resemblance:
    """What a subject is whose departures are known.

    Attributes:
        explanation: the departures.
        readings: what each of them is.
        declared: design changes that the spec declares -> their source.
    """

    explanation: Explanation
    readings: tuple[Reading, ...]
    declared: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> list[dict[str, str]]:
        """The design changes that the spec declares, with their sources."""
        made = dict.fromkeys(reading.choice for reading in self.readings)
        return [{"what": n, "source": self.declared[n]} for n in made if n in self.declared]

    @property
    def changes(self) -> list[str]:
        """The design changes in words, each once; none where one departure is no choice."""
        if not all(reading.choice for reading in self.readings):
            return []
        where: dict[str, list[str]] = {}
        for departure, reading in zip(self.explanation.departures, self.readings, strict=True):
            inside = departure.step.key[0] >= 0 and departure.step.name != RETURN
            where.setdefault(reading.choice, []).extend([departure.step.name] if inside else [])
        return [f"{what} in {_and(names)}" if names else what for what, names in where.items()]

    @property
    def first(self) -> tuple[Departure, Reading]:
        """The first departure that is no choice, or the first."""
        pairs = list(zip(self.explanation.departures, self.readings, strict=True))
        return next((pair for pair in pairs if not pair[1].choice), pairs[0])

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much it takes to explain the subject so: less is likelier."""
        e = self.explanation
        differing = sum(reading.differing for reading in self.readings)
        wide = sum(len(departure.region) for departure in e.departures)
        differing += sum(reading.is_vague for reading in self.readings)
        return wide + differing, len(e.departures), -(e.before + e.after)

    def as_data(self) -> dict[str, Any]:
        """Return the first departure as the report holds it."""
        departure, reading = self.first
        mistakes = {r.what for r in self.readings if not r.choice}
        return {
            "step": departure.step.line.text,
            "line": departure.step.line.number,
            "expected": reading.expected,
            "seen": reading.seen,
            "before": self.explanation.before,
            "after": self.explanation.after,
            "alone": len(mistakes) <= 1,
        }


def identity_of(mechanism: Mechanism, proof: Proof) -> Resemblance | None:
    """Return what explains a subject that is not equal to its definition, None if nothing does."""
    if proof.at is None or proof.at.gradients:
        return None
    probe = proof.at
    try:
        module = probe.module()
    except SubjectError:
        return None
    found = list(_identities(mechanism, _candidates(mechanism, proof, module), probe, module))
    best = min(found, key=lambda identity: identity.weight, default=None)
    if best is None or (best.changes and not _elsewhere(mechanism, best, probe)):
        return None
    return best


def _candidates(mechanism: Mechanism, proof: Proof, module: torch.nn.Module) -> list[Assignment]:
    """Return the likeliest assignments; with parameters left over where none else agrees much."""
    assert proof.at is not None
    subject = proof.at.trial.subject
    agreed = agreements(mechanism, likely(mechanism, proof, module), proof.at, module)
    if agreed and not agreed[0].assignment.left_over and _agrees_little(agreed[0]):
        relaxed = assignments(mechanism, subject, module, relaxed=True)
        found = [a for a in itertools.islice(relaxed, _MOST_RELAXED) if a.left_over]
        agreed += agreements(mechanism, found, proof.at, module)
        agreed.sort(key=lambda a: -len(a.shared))
    most = len(agreed[0].shared) if agreed else 0
    return [a.assignment for a in agreed if len(a.shared) >= most - 2][:_MOST_ASSIGNMENTS]


def _agrees_little(agreement: Agreement) -> bool:
    return len(agreement.shared) < len(agreement.missing)


def _identities(
    mechanism: Mechanism,
    candidates: Sequence[Assignment],
    probe: Probe,
    module: torch.nn.Module,
    *,
    every: bool = False,
) -> Iterator[Resemblance]:
    """Yield what explains the subject; with ``every`` also after one that leaves no doubt."""
    declared = {choice.change: choice.source for choice in probe.trial.subject.spec.choices}
    for explanation in explained(mechanism, candidates, probe, module):
        readings = tuple(_chosen(read(d), declared) for d in explanation.departures)
        identity = Resemblance(explanation, readings, declared)
        if _believed(identity):
            yield identity
            vague = any(reading.is_vague for reading in identity.readings)
            if identity.weight[0] <= 2 * len(identity.readings) and not vague and not every:
                return


def _chosen(reading: Reading, declared: Mapping[str, str]) -> Reading:
    """Return a reading as the spec has it: what it declares is a choice."""
    return replace(reading, choice=reading.what) if reading.what in declared else reading


def _believed(identity: Resemblance) -> bool:
    """Say whether the assignment is confirmed, and every departure explained."""
    e = identity.explanation
    if e.before + e.after < _ENOUGH:
        return False
    parts = e.assignment.parts
    read = e.parameters
    for slot, part in parts.items():
        if slot not in e.slots and not part.unit.names & read:
            return False
    used = {name for node in e.record.nodes for name in node.reads if isinstance(name, str)}
    if any(name in used and name not in read for name in e.assignment.left_over):
        return False
    return all(
        r.choice or _tells(d, r, parts, used)
        for d, r in zip(e.departures, identity.readings, strict=True)
    )


def _strange(departure: Departure, parts: Mapping[str, Part], used: set[str]) -> bool:
    """Say whether nothing is sure: a layer that the definition does not know takes part.

    Or one takes another's place, although that has a place of its own: which is which is a guess.
    """
    lost = departure.expected.tensors - departure.seen.tensors
    if lost & used and departure.seen.tensors - departure.expected.tensors:
        return True
    known = {name for part in parts.values() for name in (*part.unit.names, part.bias)}
    unknown = departure.seen.tensors - known - departure.expected.tensors
    products = departure.seen.operators["product"] - departure.expected.operators["product"]
    return bool(unknown) and products > 0


def _tells(
    departure: Departure, reading: Reading, parts: Mapping[str, Part], used: set[str]
) -> bool:
    """Say whether a departure is more than rows of a layer in an order that we do not know."""
    if _close(departure) or _strange(departure, parts, used):
        return False
    if reading.differing or departure.order is not None:
        return True
    same = [n.numbers for n in departure.expected.nodes] == [
        n.numbers for n in departure.seen.nodes
    ]
    products = any(n.operator in PRODUCTS for n in departure.expected.nodes)
    return not same or not (departure.expected.tensors and products)


def _close(departure: Departure) -> bool:
    """Say whether the values differ by no more than a constant such as an eps makes."""
    if departure.step.value.shape != departure.value.shape:
        return False
    wanted, seen = (t.nan_to_num(0.0) for t in (departure.step.value, departure.value))
    both = torch.minimum(wanted.abs(), seen.abs())
    return bool(((wanted - seen).abs() <= 100 * NEARLY * float(both.max())).all())


def _elsewhere(mechanism: Mechanism, identity: Resemblance, probe: Probe) -> bool:
    """Say whether the same design changes explain the subject on other values, sizes and masks."""
    wanted = set(identity.changes)
    assignment = identity.explanation.assignment
    trial = probe.trial.with_case(seed=probe.trial.case.seed + 11)
    others = [replace(probe, trial=trial, inputs={**probe.inputs, **trial.inputs()})]
    base = Probe("base", probe.trial, probe.trial.inputs())
    for other in _probes(mechanism, base, assignment):
        if other.name.startswith(("input", "mask", "scales")) and not other.trial.case.train:
            others.append(other)
    for other in others:
        try:
            module = other.module(draw_seed=1)
        except SubjectError:
            continue
        equal = compare(mechanism, assignment, other, module)
        if not equal.decided or equal.relative <= EQUAL:
            continue
        # What stands before the whole may be said of each step that reads it as well.
        again = _identities(mechanism, [assignment], other, module, every=True)
        if not any(i.changes and set(i.changes) <= wanted for i in again):
            return False
    return True


def _and(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[:-1] else []), *names[-1:]])


def place_of(departure: Departure) -> Made:
    """Return the operator of the subject on whose line the departure stands."""
    if departure.order is not None:
        return departure.order
    if other_mask(departure) and departure.seen.masks:
        return departure.seen.masks[0]
    left = departure.expected.operators
    named = list(_named(departure.seen.nodes))
    for node, name in named:
        if not left[name]:
            return node  # one that the definition has not
        left[name] -= 1
    expected, seen = departure.expected, departure.seen
    alike = expected.operators == seen.operators and expected.stops == seen.stops
    pair = other_numbers(expected, seen, ALONG) or other_numbers(expected, seen, BY)
    if alike and pair:
        return pair[1]
    wanted = [name for _, name in _named(expected.nodes)]
    both = zip(wanted, named, strict=False)
    same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1][1], both))
    if same < len(wanted) and named:
        return named[max(same - 1, 0)][0]  # the last before one that is missing
    if same < len(wanted) and departure.follows is not None:
        return departure.follows
    return departure.node


def line_of(departure: Departure, node: Made) -> tuple[str, int]:
    """Return the file and line to name for an operator, ("", 0) where none is the subject's own.

    A line that makes right values too is a function that others call rightly: then the call.
    """
    if (node.path, node.line, node.operator) in departure.right and node.callers:
        return node.callers[0]
    return node.path, node.line


def _named(nodes: Sequence[Made]) -> Iterator[tuple[Made, str]]:
    for node in nodes:
        yield node, SAME.get(node.operator, node.operator)
