"""A part of a live model at smaller sizes than its model calls it at, where it takes them as well.

What a layer computes at two hundred tokens it computes at thirteen, and a proof of it takes a
hundredth of the time. A size stays that the module holds: in a table, in a window, in its output.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.convention import GivenInput
from attncheck.subject.sampling import draw, generator

_MAP = 4
_LARGE = 32
"""Sizes up to here cost little."""
_TOKENS, _SIDES = (13, 29, 61, 127), (14, 16, 28, 32)
_PLACES = re.compile(
    r"window|local|block|chunk|span|context|len|segment|max|stride|resol|pool|grid|area|land|ratio"
)
"""What a number is called that a length may exceed."""


def shortened(module: torch.nn.Module, inputs: Sequence[GivenInput]) -> list[GivenInput]:
    """Return the inputs with large lengths and sides made small, as they are where none may be.

    Args:
        module: a part of a model, in eval mode.
        inputs: what its model hands to it.
    """
    whole = list(inputs)
    if not whole or any(one.meaning or one.is_kept for one in whole):
        return whole
    least = _largest_place(module, whole)
    full = _answer(module, whole, {})
    for smaller in _smaller(whole, least) if full is not None else ():
        answer = _answer(module, whole, smaller)
        wanted = tuple(smaller.get(size, size) for size in full or ())
        if answer is not None and answer == wanted:
            return [_resized(one, smaller) for one in whole]
    return whole


def _smaller(inputs: Sequence[GivenInput], least: int) -> Iterator[Mapping[int, int]]:
    """Yield which sizes may become which."""
    shapes = [one.shape for one in inputs if one.shape]
    kept = {shape[0] for shape in shapes} | {size for shape in shapes for size in _widths(shape)}
    places = {size for shape in shapes for size in shape[1:]} - kept
    large = sorted(size for size in places if size > _LARGE)
    for size in (_TOKENS, _SIDES)[any(len(shape) == _MAP for shape in shapes)]:
        if large and least < size < large[0]:
            yield {one: size + 2 * at for at, one in enumerate(large)}


def _widths(shape: Sequence[int]) -> set[int]:
    """Return the sizes that may be channels: of a map either of two axes."""
    if len(shape) != _MAP or shape[1] == shape[2]:
        return {shape[-1]}
    return {shape[1]} if shape[2] == shape[3] else {shape[1], shape[-1]}


def _largest_place(module: torch.nn.Module, inputs: Sequence[GivenInput]) -> int:
    """Return the largest number that the module keeps of lengths, below those of its call."""
    most = max((size for one in inputs for size in one.shape), default=0)
    found = [
        number
        for part in module.modules()
        for name, value in vars(part).items()
        for number in (value if isinstance(value, tuple) else (value,))
        if type(number) is int and number < most and _PLACES.search(name)
    ]
    return max(found, default=0)


def _resized(one: GivenInput, sizes: Mapping[int, int]) -> GivenInput:
    return replace(one, shape=tuple(sizes.get(size, size) for size in one.shape))


def _answer(
    module: torch.nn.Module, inputs: Sequence[GivenInput], sizes: Mapping[int, int]
) -> tuple[int, ...] | None:
    """Return the shape of what it answers to inputs of these sizes, None where it raises."""
    own, source = copy.deepcopy(module).float(), generator(0)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for one in inputs:
        shape = _resized(one, sizes).shape
        value = ast.literal_eval(one.literal) if one.literal else draw(shape, source).float()
        if one.name:
            named[one.name] = value
        else:
            positional.append(value)
    try:
        with torch.no_grad():
            answer = own(*positional, **named)
    except Exception:
        return None
    answer = answer[0] if isinstance(answer, (tuple, list)) and answer else answer
    return tuple(answer.shape) if torch.is_tensor(answer) else None
