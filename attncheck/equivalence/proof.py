"""Decide whether a subject computes the reference: match, compare, then try to tell them apart."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.comparison import Difference, Probe, compare
from attncheck.equivalence.inner_heads import heads_innermost
from attncheck.equivalence.search import assignments
from attncheck.instruments.attention.masks import encode, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError
from attncheck.subject.sampling import turn_scales
from attncheck.subject.tolerance import EQUAL, NEARLY
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_MOST_ASSIGNMENTS = 600
"""Compared at most: about two seconds. The budget is no clock: a slow machine says the same."""
_LONG, _LONGEST = 41, 160
"""Tokens of the longest comparison, and the most where a number of the definition's is larger."""
PATIENCE = 20.0
"""Seconds of CPU time for a search all the same: of large modules each comparison takes long."""


@dataclass(frozen=True)
class Effort:
    """How far one definition of many is searched: what a subject is, is found in few steps.

    Attributes:
        steps: of the search of tensors, under all choices of options.
        assignments: how many are compared.
    """

    steps: int
    assignments: int


GLANCE, LOOK, SECOND_LOOK = Effort(1_500, 12), Effort(12_000, 48), Effort(100_000, 48)
_IMPATIENCE = 2.0
"""Seconds of CPU time for a look."""


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
        at: the probe on which it differs.
        ended: whether the search came to its end, so that a longer one would say the same.
    """

    status: str
    assignment: Assignment | None = None
    largest: float = 0.0
    probe: str = ""
    difference: Difference | None = None
    probes: tuple[str, ...] = ()
    tried: int = 0
    at: Probe | None = None
    ended: bool = False


def prove(
    mechanism: Mechanism,
    trial: Trial,
    most: int = 0,
    *,
    effort: Effort | None = None,
) -> Proof:
    """Compare the subject with the reference under every likely assignment of its tensors.

    Assignments under which the base outputs are equal are tried on every probe, until one holds.
    ``most`` assignments are compared, by default as many as two seconds allow; an ``effort``
    says how much of one definition of many is searched and compared.
    """
    most = effort.assignments if effort else most or _MOST_ASSIGNMENTS
    purse = [effort.steps] if effort else None
    base = Probe("base", trial, trial.inputs())
    module = trial.module()
    seen = _output(base, module)
    deadline = time.process_time() + (_IMPATIENCE if effort else PATIENCE)
    closest: tuple[float, Assignment] | None = None
    nearly: Proof | None = None
    tried, ended = 0, False
    for assignment in _every(mechanism, trial, module, most, purse):
        tried += 1
        found = compare(mechanism, assignment, base, module, seen=seen)
        if found.decided and found.relative <= NEARLY:
            proof = _probed(mechanism, base, assignment, tried)
            if proof.status != "equal except":
                return proof
            nearly = nearly or proof  # a freedom that only a probe shows, such as an epsilon
        if found.decided and (closest is None or found.relative < closest[0]):
            closest = (found.relative, assignment)
        if time.process_time() > deadline:
            break
    else:
        ended = tried < most and (purse is None or purse[0] >= 0)
    if nearly is not None:
        return nearly
    # Where a mask must be given, a base case that hides nothing tells little of its use.
    stated = next(_masked(trial), base) if trial.subject.convention.masks else base
    if closest is None:
        return Proof("unmatched", tried=tried, at=stated, ended=ended)
    return Proof("different", closest[1], closest[0], "base", tried=tried, at=stated, ended=ended)


def _every(
    mechanism: Mechanism,
    trial: Trial,
    module: torch.nn.Module,
    most: int,
    purse: list[int] | None,
) -> Iterator[Assignment]:
    """Yield the assignments to compare; those with heads as an inner axis where no other holds."""
    plain: list[Assignment] = []
    for assignment in itertools.islice(
        assignments(mechanism, trial.subject, module, purse=purse), most
    ):
        plain.append(assignment)
        yield assignment
    yield from heads_innermost(mechanism, plain)


def only_an_eps_tells(mechanism: Mechanism, proof: Proof, trial: Trial) -> bool:
    """Say whether an equality but for a constant ends where the eps of norms is large.

    A factor before a norm leaves no other trace. The definition reads the eps of torch's own norms
    off the subject, so that both have the large one.
    """
    if proof.assignment is None or proof.largest <= EQUAL:
        return False
    module = trial.module()
    owners = [p.unit.owner for p in proof.assignment.parts.values() if p.unit.kind == "norm"]
    layers = dict(module.named_modules())
    norms = [layers[owner] for owner in owners if owner in layers]
    known = [n for n in norms if type(n).__module__.startswith("torch.") and hasattr(n, "eps")]
    for norm in known:
        norm.eps = 1.0
    found = compare(
        mechanism, proof.assignment, Probe("a large eps", trial, trial.inputs()), module
    )
    return bool(known) and found.decided and found.relative > NEARLY


def _output(probe: Probe, module: torch.nn.Module) -> torch.Tensor | None:
    try:
        return probe.trial.run(module, probe.inputs)
    except SubjectError:
        return None


def _without_dropout(module: torch.nn.Module) -> torch.nn.Module:
    """Turn dropout layers off in training mode, where their noise hides everything else."""
    for sub in module.modules():
        if sub.training and isinstance(sub, torch.nn.modules.dropout._DropoutNd):
            sub.p = 0.0
    return module


def is_random(probe: Probe) -> bool:
    """Say whether the module draws at random in this mode whatever its dropout layers say."""
    trial = probe.trial
    module = _without_dropout(trial.module())
    first = trial.run(module, probe.inputs)
    again = trial.with_case(seed=trial.case.seed + 1).run(module, probe.inputs)
    return not torch.equal(first, again)


def _probed(mechanism: Mechanism, base: Probe, assignment: Assignment, tried: int) -> Proof:
    passed: list[str] = []
    largest = 0.0
    for probe in _probes(mechanism, base, assignment):
        try:
            if probe.trial.case.train and is_random(probe):
                continue
            module = _without_dropout(probe.module(draw_seed=len(passed)))
        except SubjectError:
            continue
        found = compare(mechanism, assignment, probe, module)
        raised_elsewhere = found.note and probe.trial.dims != base.trial.dims
        if not found.decided or raised_elsewhere:
            continue  # at which sizes it runs is another question
        if not found.relative <= NEARLY:
            names = tuple(passed)
            return Proof(
                "equal except", assignment, largest, probe.name, found, names, tried, probe
            )
        largest = max(largest, found.relative)
        passed.append(probe.name)
    return Proof("equal", assignment, largest, probes=tuple(passed), tried=tried)


def _probes(mechanism: Mechanism, base: Probe, assignment: Assignment) -> Iterator[Probe]:
    """Yield the comparisons on which a look-alike may give itself away, cheapest first."""
    yield base
    yield replace(base, name="gradients", gradients=True)
    trial = base.trial
    bare = tuple(p.unit.weight for p in assignment.parts.values() if p.unit.norm)
    if turn_scales(trial.module(), bare):
        yield replace(base, name="scales of norms with both signs", turned=True, bare=bare)
    for case in trial.subject.lattice():
        if case.dims.get("C") == trial.dims.get("C") and case.dims != trial.dims:
            other = Trial(trial.subject, case)
            sizes = "×".join(str(n) for n in other.sizes(other.axes()))
            yield Probe(f"input {sizes}", other, other.inputs())
    yield from _long(mechanism, trial, assignment)
    constant = trial.with_case(values="ones")
    yield Probe("constant input", constant, constant.inputs())
    large = trial.with_case(seed=trial.case.seed + 3)
    scaled = {n: 30 * t if t.is_floating_point() else t for n, t in large.inputs().items()}
    yield Probe("large input", large, scaled)
    yield from _masked(trial)
    training = trial.with_case(train=True, seed=trial.case.seed + 1)
    yield Probe("training mode", training, training.inputs())
    yield Probe("gradients in training mode", training, training.inputs(), gradients=True)


def _long(mechanism: Mechanism, trial: Trial, assignment: Assignment) -> Iterator[Probe]:
    """Yield a comparison on more tokens than any number, no width, that the definition takes.

    What a window, a distance or a table of positions does at its end, a few tokens do not show.
    """
    if "N" not in trial.subject.variable or trial.axes() != ("B", "N", "C"):
        return
    shapes = " ".join(size for slot in mechanism.slots.values() for size in slot.sizes)
    sized = {*re.findall(r"\w+", shapes)}
    numbers = [n for name, n in assignment.values.items() if name not in sized]
    beyond = [n + 3 for n in numbers if type(n) is int and n + 3 <= _LONGEST]
    size = max(_LONG, *beyond) if beyond else _LONG
    long = trial.with_case(dims={"N": size})
    if trial.subject.in_domain(long.dims):
        yield Probe(f"{size} tokens", long, long.inputs())


def _masked(trial: Trial) -> Iterator[Probe]:
    """Yield a comparison for each mask of the subject whose meaning is known."""
    for way in ways_of(trial.subject, trial)[0]:
        masked = Trial(way.applied(trial.subject), trial.case)
        hidden = some_hidden(way, masked)
        inputs = {**masked.inputs(), way.argument.input: encode(hidden, way, masked)}
        named = f"mask {way.argument.parameter}"
        yield Probe(named, masked, inputs, hidden)
        far = {n: 40 * inputs[n] for n in masked.subject.convention.inputs}
        yield Probe(f"{named}, scores far apart", masked, {**inputs, **far}, hidden)
