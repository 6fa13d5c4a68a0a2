"""Read a module's output: a tensor, or the tensors in a tuple, a dict or an output class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.convention import Convention
from attncheck.subject.raising import SubjectError


@dataclass(frozen=True)
class Output:
    """What a module returned.

    Attributes:
        main: the output that answers to the main input, in our order of axes.
        others: every other tensor, as it came (attention weights, auxiliary losses).
        raw: what ``forward`` returned.
    """

    main: torch.Tensor
    others: tuple[torch.Tensor, ...]
    raw: Any


class NoTensorError(TypeError):
    """``forward`` returned nothing that holds a floating point tensor."""


def read_output(raw: Any, convention: Convention, expected: tuple[int, ...]) -> Output:
    """Pick the main output: the first tensor of the expected shape, else the first of all.

    Args:
        raw: what ``forward`` returned.
        convention: says in which order of axes the module answers.
        expected: the sizes of the output in our order.
    """
    tensors = [t for t in _tensors(raw) if t.is_floating_point()]
    if not tensors:
        raise SubjectError(
            NoTensorError(f"forward returns {type(raw).__name__}, no tensor"), "forward"
        )
    ours = [_fitted(_to_ours(t, convention), expected) for t in tensors]
    index = next((i for i, t in enumerate(ours) if tuple(t.shape) == expected), 0)
    others = tuple(t for i, t in enumerate(tensors) if i != index)
    return Output(ours[index], others, raw)


def _to_ours(tensor: torch.Tensor, convention: Convention) -> torch.Tensor:
    if convention.form is not None:
        restored: torch.Tensor = convention.form.restored(tensor, convention.output)
        return restored
    order = convention.permutation(convention.output)
    if order is None or tensor.ndim != len(order):
        return tensor
    return tensor.permute([order.index(i) for i in range(len(order))])


def _fitted(tensor: torch.Tensor, expected: tuple[int, ...]) -> torch.Tensor:
    """Return a tensor without axes of one that it has beyond those that are expected.

    A pooled (B, 1, C) is a (B, C). One that is missing is left to be told: ``squeeze()`` drops a
    batch of one.
    """
    more = tensor.ndim > len(expected)
    same = [n for n in tensor.shape if n != 1] == [n for n in expected if n != 1]
    return tensor.reshape(expected) if more and same else tensor


def _tensors(raw: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in a nest of containers, in order."""
    if isinstance(raw, torch.Tensor):
        yield raw
    elif isinstance(raw, Mapping):
        for value in raw.values():
            yield from _tensors(value)
    elif isinstance(raw, (tuple, list)):
        for value in raw:
            yield from _tensors(value)
    elif is_dataclass(raw) and not isinstance(raw, type):
        for value in vars(raw).values():
            yield from _tensors(value)
