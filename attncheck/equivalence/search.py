"""Every assignment of a subject's tensors, likeliest first, under every choice of options.

Two orders find most of them at once: by names and order of definition, and by order of use: what
the subject's call reads first is what the definition reads first, twins in either place. Twins are
parts that are built alike, such as one for rows and one for columns. Choices of options take turns,
so that a wrong one does not use up the search.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from attncheck.data.formula import Formula
from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.fits import Fits
from attncheck.equivalence.freedoms import Choices, choices_of, stated_sizes
from attncheck.equivalence.matching import Matcher
from attncheck.equivalence.observed import contradictions
from attncheck.equivalence.reads import reads_of
from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


_MOST = 2000
"""Assignments that are looked at, the same one again counted too."""
_LONG, _SHORT = 4000, 400
"""Steps of a search, and of a first look: with many tensors of one size it would never end."""
_TURN = 16
"""Assignments of one choice of options before it is another's turn."""
_FIRST, _MORE = 6, 4
"""Groups of choices with a long first look, and how many assignments the first of them has then."""

Group = tuple[dict[str, Any], Choices, Choices]
"""What tensors depend on, and choices of all else: likely ones, and those calls speak against."""

_MOST_TWINS = 3
"""Twins that are exchanged in every way; of more there are too many."""


def assignments(
    mechanism: Mechanism,
    subject: Subject,
    module: torch.nn.Module,
    *,
    relaxed: bool = False,
    purse: list[int] | None = None,
) -> Iterator[Assignment]:
    """Yield each assignment once, until the steps in ``purse`` are used up, by default all."""
    seen: set[Any] = set()
    turns = _turns(mechanism, subject, module, relaxed=relaxed, purse=purse)
    for assignment in islice(turns, _MOST):
        key = (_key(assignment), tuple(sorted((n, str(v)) for n, v in assignment.values.items())))
        if key not in seen:
            seen.add(key)
            yield assignment


def _turns(
    mechanism: Mechanism,
    subject: Subject,
    module: torch.nn.Module,
    *,
    relaxed: bool,
    purse: list[int] | None,
) -> Iterator[Assignment]:
    groups = _groups(mechanism, subject, module)
    read = reads_of(subject, module)
    used = read.order
    domain = [Formula(text) for text in subject.spec.domain.values()]
    told = stated_sizes(subject, module)
    fits = Fits(mechanism, module, relaxed, parameters_beside(subject, module), told)
    kept: list[tuple[Assignment, Choices]] = []

    def search(group: Group, steps: int, order: dict[str, int] | None) -> Iterator[Assignment]:
        known, choices, doubtful = group
        matcher = Matcher(fits, known, order, steps, domain, purse, read.summed)
        for found in matcher.assignments():
            kept.append((found, doubtful))
            yield from _under(found, choices)

    def once_more() -> Iterator[Assignment]:
        while kept:
            yield from _under(*kept.pop(0))

    by_use = [
        search(group, _LONG if n < _FIRST else _SHORT, used) for n, group in enumerate(groups)
    ]
    for n, (going_on, group) in enumerate(zip(by_use, groups, strict=True)):
        yield from islice(going_on, len(group[1]) * (1 if n else _MORE))
    for group in groups:
        yield from islice(search(group, _SHORT, None), len(group[1]))
    for order in exchanged(module, used):
        for group in groups:
            yield from islice(search(group, _SHORT, order), len(group[1]))
    yield from once_more()
    late = [search(group, _LONG, used) for group in groups[_FIRST:]]
    waiting = [*by_use, *late, *(search(group, _LONG, None) for group in groups)]
    while waiting:
        going = []
        for going_on in waiting:
            turn = list(islice(going_on, _TURN))
            yield from turn
            if len(turn) == _TURN:
                going.append(going_on)
        waiting = going
    yield from once_more()


def _under(found: Assignment, choices: Choices) -> Iterator[Assignment]:
    for known in choices:
        yield replace(found, values={**found.values, **known})


def _groups(mechanism: Mechanism, subject: Subject, module: torch.nn.Module) -> list[Group]:
    """Return which search of tensors serves which choices of options, likeliest first."""
    against = contradictions(subject, module)
    found: list[Group] = []
    for known, choices in choices_of(mechanism, subject, module):
        counts = [against({**known, **choice}) for choice in choices]
        likely = [c for n, c in zip(counts, choices, strict=True) if n == min(counts)]
        doubtful = [c for n, c in zip(counts, choices, strict=True) if n > min(counts)]
        found.append((known, likely, doubtful))
    return found


def _key(assignment: Assignment) -> Any:
    return tuple(
        (slot, part.unit.owner, part.unit.reading, part.rows, part.columns, part.bias)
        for slot, part in sorted(assignment.parts.items())
    )


def parameters_beside(subject: Subject, module: torch.nn.Module) -> frozenset[str]:
    """Return the parameters that make outputs beside the main one, and never that one.

    A head may return what it is trained on besides: such layers are no part of the mechanism.
    """
    trial = Trial(subject, subject.base())
    learned = {n: p for n, p in module.named_parameters() if p.requires_grad}
    try:
        output = trial.outputs(module, trial.inputs())
    except SubjectError:
        return frozenset()
    beside = [t for t in output.others if t.requires_grad]
    if not learned or not beside or not output.main.requires_grad:
        return frozenset()

    def reached(tensors: list[torch.Tensor]) -> set[str]:
        total = torch.stack([t.sum() for t in tensors]).sum()
        found = torch.autograd.grad(
            total, [*learned.values()], retain_graph=True, allow_unused=True
        )
        return {name for name, grad in zip(learned, found, strict=True) if grad is not None}

    return frozenset(reached(beside) - reached([output.main]))


def exchanged(module: torch.nn.Module, used: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Yield the order of use as it would be with twins in each other's place.

    A definition adds rows to columns, its copy columns to rows: which of two equal parts is which
    no size tells, and the order of use may be the other one.

    Args:
        module: the subject's module.
        used: parameter -> when a call first reads it.
    """
    for prefix, parent in module.named_modules():
        families: dict[tuple[torch.Size, ...], list[str]] = {}
        for name, child in parent.named_children():
            sizes = tuple(parameter.shape for parameter in child.parameters())
            if len(sizes) > 1:  # of two single layers, the search itself tries both
                families.setdefault(sizes, []).append(f"{prefix}.{name}" if prefix else name)
        for twins in families.values():
            if 1 < len(twins) <= _MOST_TWINS:
                for order in itertools.permutations(twins):
                    if list(order) != twins:
                        yield _renamed(used, dict(zip(twins, order, strict=True)))


def _renamed(used: Mapping[str, int], places: Mapping[str, str]) -> dict[str, int]:
    """Give each twin's parameters the times of the twin whose place it takes."""
    made = dict(used)
    for twin, other in places.items():
        for name, time in used.items():
            if name.startswith(f"{other}."):
                made[f"{twin}.{name[len(other) + 1 :]}"] = time
    return made
