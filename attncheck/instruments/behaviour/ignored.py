"""Constructor arguments that state a size of the mechanism and change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.constructor import parameters_of
from attncheck.signature.names import dim_named
from attncheck.signature.resolve import resolve
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_OTHERS = (1, 2, 3, 4, 6, 8)
_ENOUGH = 3
_WIDER = 16
_LONGER = 48


def ignored_arguments(trial: Trial) -> dict[str, str]:
    """Return argument -> the values that make the same module, for sizes that the reference has.

    A size is a dim of the definition that no tensor of the call has as an axis: a reduction, a
    kernel, heads. A reduction that a least width overrules has its effect in a wider module, so
    that the module is also built, not run, with sixteen times the channels. A kernel that counts
    only where no width is given, as one chosen by the width, has its effect there. A distance that
    short inputs do not have is tried once more on long ones, and one that belongs to what is
    switched off, as the width of a rotary part, with each switch turned, and each option of the
    spec's.
    """
    subject = trial.subject
    given = {**subject.binding.defaults, **subject.binding.arguments(trial.dims)}
    own = _sizes(subject)
    widths = {n: v * _WIDER for n, v in given.items() if isinstance(v, int) and _is_width(n, trial)}
    if not widths:
        return {}
    found: dict[str, str] = {}
    for name, value in given.items():
        sized = isinstance(value, int) and not isinstance(value, bool)
        if not sized or dim_named(name, subject.dims, subject.spec.names) not in own:
            continue
        tried = _all_the_same(_same_as(trial, name, value, widths))
        if len(tried) < _ENOUGH or _stands_in(trial, name, value, set(widths)):
            continue
        if not (_matters_far_away(trial, name, tried) or _behind_a_switch(trial, name, tried)):
            found[name] = ", ".join(str(n) for n in (value, *tried))
    return found


def _sizes(subject: Subject) -> set[str]:
    """Return the dims of the definition that are no axis of the call."""
    from attncheck.reference.mechanism import Mechanism

    if not subject.spec.reference:
        return set()
    mechanism = resolve(subject.spec.reference)
    if not isinstance(mechanism, Mechanism):
        return set()
    axes = {*subject.convention.output, *"BHWNM"}
    axes.update(*subject.convention.inputs.values())
    numbers = {n for n, v in mechanism.defaults.items() if not isinstance(v, (bool, str))}
    return (numbers - axes) & set(subject.dims)


def _is_width(argument: str, trial: Trial) -> bool:
    return dim_named(argument, trial.dims, trial.subject.spec.names) in ("C", "C2")


def _all_the_same(tried: Iterator[tuple[int, bool]]) -> list[int]:
    """Return the values; none where one makes another module, and then no more are built."""
    values: list[int] = []
    for other, same in tried:
        if not same:
            return []
        values.append(other)
    return values


def _same_as(
    trial: Trial, name: str, value: int, widths: Mapping[str, int]
) -> Iterator[tuple[int, bool]]:
    """Yield each other value with which a module can be made, and whether it is the same one."""
    inputs, module = trial.inputs(), trial.module()
    shapes = _shapes(module)
    known: tuple[dict[str, tuple[int, ...]], torch.Tensor] | None = None
    for other in (*_OTHERS, _WIDER * value):  # the last has an effect where it is a least width
        if other == value:
            continue
        try:
            there, wide = _with(trial, {name: other}), _with(trial, {**widths, name: other})
            theirs = there.module()
            if shapes != _shapes(theirs):
                yield other, False
                continue
            if known is None:
                wider = _with(trial, widths).module(initial=True)
                known = _shapes(wider), trial.run(module, inputs)
            same = known[0] == _shapes(wide.module(initial=True))
            yield other, same and torch.equal(known[1], there.run(theirs, inputs))
        except SubjectError:
            continue


def _stands_in(trial: Trial, name: str, value: int, widths: set[str]) -> bool:
    """Say whether the argument has its effect where the optional widths are left out."""
    parameters = parameters_of(trial.subject.factory)
    optional = {w for w in widths if w in parameters and parameters[w].default is None}
    if not optional:
        return False
    made: list[dict[str, tuple[int, ...]]] = []
    for other in (value, *_OTHERS, _WIDER * value):
        try:
            made.append(_shapes(_with(trial, {name: other}, without=optional).module()))
        except SubjectError:
            continue
    return any(shapes != made[0] for shapes in made)


def _matters_far_away(trial: Trial, name: str, tried: list[int]) -> bool:
    """Say whether the argument has its effect on inputs with many more tokens."""
    lengths = {n: _LONGER for n in ("N", "M") if n in trial.dims and n in trial.subject.variable}
    return bool(lengths) and _matters(trial.with_case(dims=lengths), name, tried)


def _behind_a_switch(trial: Trial, name: str, tried: list[int]) -> bool:
    """Say whether the argument has its effect with a switch of the constructor's turned."""
    defaults = {n: p.default for n, p in parameters_of(trial.subject.factory).items()}
    stands = {**defaults, **trial.subject.binding.literal}
    turned: list[dict[str, Any]] = [
        {n: not value} for n, value in stands.items() if isinstance(value, bool)
    ]
    options = trial.subject.spec.options
    turned += [
        {n: other}
        for n, value in stands.items()
        if isinstance(value, str)
        for other in options.get(n, ())
        if other != value
    ]
    return any(_matters(_with(trial, other), name, tried) for other in turned)


def _matters(trial: Trial, name: str, tried: list[int]) -> bool:
    """Say whether one of these values makes another module than the argument's own."""
    try:
        inputs, module = trial.inputs(), trial.module()
        expected = trial.run(module, inputs)
    except SubjectError:
        return False
    for other in tried:
        try:
            changed = _with(trial, {name: other})
            theirs = changed.module()
            if _shapes(theirs) != _shapes(module):
                return True
            if not torch.equal(expected, changed.run(theirs, inputs)):
                return True
        except SubjectError:
            continue
    return False


def _with(trial: Trial, changes: Mapping[str, Any], without: Set[str] = frozenset()) -> Trial:
    binding = trial.subject.binding
    gone = {*changes, *without}
    symbolic = {n: text for n, text in binding.symbolic.items() if n not in gone}
    literal = {n: v for n, v in binding.literal.items() if n not in gone}
    changed = replace(binding, symbolic=symbolic, literal={**literal, **changes})
    return replace(trial, subject=replace(trial.subject, binding=changed))


def _shapes(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
