"""Sizes that a module fixes by itself, or under a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from attncheck.signature.names import dim_named
from attncheck.signature.resolve import resolve
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_SIZES = ("N", "M", "H", "W")


def pin_sizes(subject: Subject) -> Subject:
    """Return the subject with those sizes pinned that a literal argument holds by its number.

    ``proj_shape=(12, 6)`` fixes a sequence of 12, ``positions=25`` a map of 5 × 5. A number alone
    says little, so the module must also raise at the next size.
    """
    pinned: set[str] = set()
    for sizes in _held(subject):
        if sizes <= subject.variable and _raises(subject, {n: subject.dims[n] + 1 for n in sizes}):
            pinned |= sizes
    return replace(subject, pinned=subject.pinned | pinned) if pinned else subject


def as_answered(subject: Subject) -> Subject:
    """Return the subject with those sizes as it answers that its output alone has.

    A module that always pools to one vector has one seed, whatever number the spec begins with.
    What the constructor is given, or the user states, stays as it is.
    """
    trial = Trial(subject, subject.base())
    known = {"B", *subject.binding.fixed, *subject.binding.follows, *subject.told}
    known.update(*subject.convention.inputs.values())
    own = {
        axis
        for axis in trial.output_axes
        if isinstance(subject.spec.dims.get(axis), int) or _is_free(subject, axis)
    } - known
    if not own:
        return subject
    try:
        shape = trial.run(trial.module(), trial.inputs()).shape
    except SubjectError:
        return subject
    if len(shape) != len(trial.output_axes):
        return subject
    found = {axis: n for axis, n in zip(trial.output_axes, shape, strict=True) if axis in own}
    overrides = {**subject.overrides, **found}
    return replace(subject, overrides=overrides, pinned=subject.pinned | own)


def _is_free(subject: Subject, axis: str) -> bool:
    """Say whether a width of an instance is one that its definition is given apart."""
    from attncheck.reference.mechanism import Mechanism

    if not (subject.as_it_is and subject.spec.reference):
        return False
    definition = resolve(subject.spec.reference)
    return isinstance(definition, Mechanism) and axis in definition.defaults


def _held(subject: Subject) -> Iterator[frozenset[str]]:
    """Yield sets of sizes whose number, or product, is among the literal arguments."""
    dims = subject.dims
    numbers: set[int] = set()
    for parameter, value in subject.binding.literal.items():
        if dim_named(parameter, dims, subject.spec.names) in ("", "size", *_SIZES):
            numbers |= set(_integers(value))
    for name in _SIZES:
        if dims.get(name, 0) > 1 and dims[name] in numbers:
            yield frozenset({name})
    if _area(dims) > 1 and _area(dims) in numbers:
        yield frozenset({"H", "W"})


def _area(dims: Mapping[str, int]) -> int:
    return dims.get("H", 0) * dims.get("W", 0)


def _integers(value: Any) -> Iterator[int]:
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _integers(part)


def _raises(subject: Subject, sizes: Mapping[str, int]) -> bool:
    trial = Trial(subject, subject.base(dims=sizes))
    try:
        trial.run(trial.module(), trial.inputs())
    except SubjectError:
        return True
    return False
