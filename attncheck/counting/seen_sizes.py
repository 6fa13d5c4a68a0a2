"""Widths that a module is said to have chosen for itself must be sizes of its own tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attncheck.counting.choices import Choice, Number
from attncheck.lazy import torch

_FUSED = 4
"""Projections that people fuse into one layer, so that its size is a multiple of the width."""


def sizes(module: torch.nn.Module) -> frozenset[int]:
    """Return every size of every axis of the module's parameters; none where any is flat.

    A vector as long as a matrix has entries says nothing of widths.
    """
    shapes = [tuple(p.shape) for p in module.parameters() if p.dim()]
    widest = max((max(s) for s in shapes if len(s) > 1), default=0)
    if any(len(s) == 1 and s[0] > widest for s in shapes):
        return frozenset()
    return frozenset(size for shape in shapes for size in shape)


def are_seen(
    choice: Choice,
    dims: Mapping[str, Number],
    spec_dims: Mapping[str, Any],
    named: frozenset[str],
    seen: frozenset[int],
) -> bool:
    """Say whether the widths that a choice changes are sizes of the module's tensors.

    Args:
        choice: dims that were searched for, and what follows from them.
        dims: the dims as the spec states them.
        spec_dims: the spec's declarations: a formula makes a dim a derived width.
        named: what the count's formula names.
        seen: sizes of the module's parameters; with none of them, nothing is refused.
    """
    if not seen or not choice.found:
        return True
    others = {int(v) for n, v in dims.items() if n not in choice.found}
    for name in named:
        value = choice.values.get(name)
        derived = isinstance(spec_dims.get(name), str)
        if not derived or value is None or value == dims.get(name):
            continue
        width = int(value)
        multiples = {m * width for m in range(2, _FUSED + 1)} - others
        if width not in seen and not multiples & seen:
            return False
    return True
