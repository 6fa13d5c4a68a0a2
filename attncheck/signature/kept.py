"""The numbers that an instance keeps of itself, or its config does: heads, a window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attncheck.lazy import torch
from attncheck.signature.configs import CONFIGS
from attncheck.signature.names import dim_named

_BY_INPUTS = frozenset({"B", "N", "M", "H", "W", "C", "C2", "D", "size"})
"""Dims that the shapes of a call tell better."""


def kept_dims(
    module: torch.nn.Module, dims: Mapping[str, int], extra: Mapping[str, list[str]]
) -> dict[str, int]:
    """Return the dims that an instance's numbers surely mean: its own before its config's.

    Args:
        module: the instance.
        dims: those of the spec.
        extra: the spec's own names for them.
    """
    found: dict[str, int] = {}
    for name, number in _numbers(module):
        dim = dim_named(name.strip("_"), dims, extra)
        if dim and dim not in _BY_INPUTS and number > 0:
            found.setdefault(dim, number)
    return found


def _numbers(module: torch.nn.Module) -> Iterator[tuple[str, int]]:
    own = vars(module)
    configs = [vars(own[name]) for name in CONFIGS if hasattr(own.get(name), "__dict__")]
    for held in (own, *configs):
        yield from ((name, value) for name, value in held.items() if type(value) is int)
