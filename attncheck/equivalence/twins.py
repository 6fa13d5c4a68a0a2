"""Parts of a module that are built alike, such as one for rows and one for columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from attncheck.lazy import torch

_MOST = 3
"""Twins that are exchanged in every way; of more there are too many."""


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
            if 1 < len(twins) <= _MOST:
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
