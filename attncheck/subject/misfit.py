"""A module that raises on the spec's sizes: the sizes that its own errors and numbers ask for.

A width of its layers, the length of a table, the side of a grid: numbers that no parameter of the
constructor says by its name. What raises tells which size it got and which it wants.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.binding import frozen
from attncheck.signature.constructor import parameters_of
from attncheck.subject.layouts import error_of
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

Sizes = dict[str, int]

_LENGTHS = ("N", "M", "H", "W")
_MOST_RUNS, _MOST_NUMBERS, _LARGEST = 24, 12, 2**13
_APART = 8
"""How far the widths of inputs are put apart, so that an error says whose it means."""


_WIDTHS = ("in_channels", "in_features", "embed_dim", "num_features", "num_channels")
_WIDEST, _MOST_WIDTHS = 2**16, 6
_MOST_ELEMENTS = 2**22


@dataclass(frozen=True)
class _Own:
    """The numbers of a module: sizes of what it holds, and integers of its author's."""

    held: frozenset[int]
    said: tuple[int, ...]


def wanted_sizes(subject: Subject, *, lengths: bool) -> Iterator[Subject]:
    """Yield the subject at the sizes under which it runs, those found alone changed.

    Args:
        subject: one that raises, with its call.
        lengths: lengths and sides of a map may be changed too, not only widths.
    """
    axes = [axis for own in subject.convention.inputs.values() for axis in own]
    widths = [a for a in dict.fromkeys(axes) if a not in ("B", "G", *_LENGTHS) and a.isalnum()]
    free = [a for a in widths if a in subject.dims and a not in subject.told]
    own = _numbers(subject)
    if own is None:
        return
    start = {name: subject.dims[name] + _APART * at for at, name in enumerate(free)}
    sides = {a for a in _LENGTHS if a in subject.dims and a not in subject.told}
    sides &= {*axes, *(("H", "W") if "G" in axes else ())}
    waiting: list[tuple[Subject, Sizes]] = [(_at(subject, start), {})]
    seen: list[Sizes] = []
    for _ in range(_MOST_RUNS):
        if not waiting:
            return
        probe, found = waiting.pop()
        error = error_of(probe)
        if error is not None and probe.dtype == "float64" and _of_precision(error):
            probe = replace(probe, dtype="float32")
            error = error_of(probe)
        if error is None:
            if found:
                yield _changed(probe, subject, found)
            continue
        moves = [*_widened(error, probe, free, own)]
        if lengths:
            moves += _lengthened(error, probe, sorted(sides), own)
        for move in reversed(moves):
            told = {**found, **move}
            if told not in seen:
                seen.append(told)
                waiting += [(at, told)] if _is_small(at := _at(probe, move)) else []


def widths_of(subject: Subject) -> list[int]:
    """Return the widths of input that the layers of a module are made for, outermost first."""
    try:
        with blamed("constructor"):
            module = subject.construct(subject.dims)
    except SubjectError:
        return []
    found: list[Any] = []
    for layer in module.modules():
        found += [vars(layer).get(name) for name in _WIDTHS]
        shape = vars(layer).get("normalized_shape")
        found += shape[-1:] if isinstance(shape, tuple) else ()
    found += [size for p in module.parameters() for size in p.shape]
    wide = dict.fromkeys(n for n in found if type(n) is int and 1 < n <= _WIDEST)
    return [n for n in wide if n != subject.dims.get("C")][:_MOST_WIDTHS]


def _is_small(subject: Subject) -> bool:
    """Say whether such inputs are worth a trial: errors of another's call may ask for more."""
    trial = Trial(subject, subject.base())
    axes = subject.convention.inputs.values()
    return all(math.prod(trial.sizes(own)) <= _MOST_ELEMENTS for own in axes)


def _changed(probe: Subject, subject: Subject, found: Sizes) -> Subject:
    """Return the subject with the sizes found, and with the others as they were."""
    told = ", ".join(f"{name}={size}" for name, size in found.items())
    return replace(
        subject,
        binding=probe.binding,
        overrides={**subject.overrides, **found},
        pinned=subject.pinned | set(found),
        tried=f"{told}, which its errors ask for",
    )


def _at(subject: Subject, sizes: Mapping[str, int]) -> Subject:
    """Return the subject with inputs of other sizes, its widths built as they were."""
    binding = subject.binding
    changed = {name for name, size in sizes.items() if subject.dims.get(name) != size}
    changed -= {*_LENGTHS}
    if changed & binding.follows:
        binding = frozen(binding, changed, subject.dims)
    return replace(subject, binding=binding, overrides={**subject.overrides, **sizes})


def _of_precision(error: SubjectError) -> bool:
    return re.search(r"dtype|[Dd]ouble|Float\b", str(error.error)) is not None


def _in_message(error: SubjectError) -> list[int]:
    """Return the numbers in what is raised, in their order."""
    return [int(text) for text in re.findall(r"\d+", str(error.error)[:400]) if len(text) < 7]


def _widened(error: SubjectError, probe: Subject, free: list[str], own: _Own) -> Iterator[Sizes]:
    """Yield the widths that an error asks for: of the input whose width it names."""
    numbers = _in_message(error)
    dims = probe.dims
    for one, other in itertools.permutations(free, 2):
        # Two inputs beside each other: what is left for the one is the other's.
        both = dims[one] + dims[other]
        if both in numbers:
            for size in _others(numbers, both, own):
                if size > dims[other] + 1:
                    yield {one: size - dims[other]}
    for name in free:
        if dims[name] in numbers:
            for size in _others(numbers, dims[name], own):
                yield {name: size}


def _others(numbers: list[int], got: int, own: _Own) -> list[int]:
    """Return the sizes that are wanted in place of the one that came: what the module holds."""
    wanted = [n for n in dict.fromkeys(numbers) if n != got and 1 < n <= _LARGEST]
    return [n for n in wanted if n in own.held] or [n for n in wanted if n in own.said]


def _lengthened(
    error: SubjectError, probe: Subject, sides: list[str], own: _Own
) -> Iterator[Sizes]:
    """Yield the lengths and sides that an error asks for, then those among the author's numbers."""
    numbers, dims = _in_message(error), probe.dims
    map_like = {"H", "W"} <= set(sides)
    for name in sides:
        if dims[name] in numbers:
            for size in _others(numbers, dims[name], own):
                yield {name: size}
    if map_like and dims["H"] * dims["W"] in numbers:
        for size in _others(numbers, dims["H"] * dims["W"], own):
            if math.isqrt(size) ** 2 == size:
                yield {"H": math.isqrt(size), "W": math.isqrt(size)}
    for size in own.said[:_MOST_NUMBERS]:
        if map_like:
            yield {"H": size, "W": size}
        elif "N" in sides:
            yield {"N": size}


def _numbers(subject: Subject) -> _Own | None:
    """Return the numbers of a module as it is built; None where it cannot be."""
    try:
        with blamed("constructor"):
            module = subject.construct(subject.dims)
    except SubjectError:
        return None
    held = {size for tensor in _tensors(module) for size in tensor.shape}
    said: list[Any] = [p.default for p in parameters_of(subject.factory).values()]
    said += [value for layer in module.modules() for value in vars(layer).values()]
    said = [n for value in said for n in (value if isinstance(value, tuple | list) else (value,))]
    # A table of offsets has 2n - 1 entries for n positions.
    tables = {size for tensor in _tensors(module) for size in tensor.shape[:2]}
    said += [(size + 1) // 2 for size in tables if size % 2]
    said += [math.isqrt(size) for size in tables if math.isqrt(size) ** 2 == size]
    kept = dict.fromkeys(n for n in (*said, *tables) if type(n) is int and 3 < n <= _LARGEST)
    return _Own(frozenset(held | set(kept)), tuple(kept))


def _tensors(module: torch.nn.Module) -> list[torch.Tensor]:
    return [*module.parameters(), *module.buffers()]
