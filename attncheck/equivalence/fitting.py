"""Fit a unit of the subject to a slot of the reference: shapes unify, dims become known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attncheck.errors import SpecError
from attncheck.formula import Formula
from attncheck.lazy import torch

Dims = dict[str, Any]


def unify(formula: str, size: int, known: Mapping[str, Any]) -> Dims | None:
    """Return the dims with which ``formula`` has this size, or None if there are none.

    A single unknown name is solved for among 1 … size.
    """
    expression = Formula(formula)
    unknown = [name for name in sorted(expression.names) if name not in known]
    if not unknown:
        return dict(known) if _value(expression, known) == size else None
    if len(unknown) > 1:
        return None
    if expression.text.strip() == unknown[0]:
        return {**known, unknown[0]: size}
    for value in range(1, size + 1):
        trial = {**known, unknown[0]: value}
        if _value(expression, trial) == size:
            return trial
    return None


def unify_all(
    formulas: tuple[str, ...], sizes: tuple[int, ...], known: Mapping[str, Any]
) -> Dims | None:
    """Unify several sizes, those with the fewest unknown names first."""
    if len(formulas) != len(sizes):
        return None
    dims: Dims | None = dict(known)
    pairs = sorted(
        zip(formulas, sizes, strict=True), key=lambda pair: len(Formula(pair[0]).names - set(known))
    )
    for formula, size in pairs:
        assert dims is not None
        dims = unify(formula, size, dims)
        if dims is None:
            return None
    return dims


def setting(value: object, size: int, known: Mapping[str, Any]) -> Dims | None:
    """Unify a slot's setting (a number, or a formula) with what the subject has."""
    if isinstance(value, str):
        return unify(value, size, known)
    return dict(known) if value == size else None


def squeezed_kernel(weight: torch.Tensor, rank: int) -> torch.Tensor | None:
    """Return a convolution's weight with ``rank`` kernel axes, dropping axes of size one."""
    while weight.ndim > rank + 2:
        ones = [axis for axis in range(2, weight.ndim) if weight.shape[axis] == 1]
        if not ones:
            return None
        weight = weight.squeeze(ones[-1])
    return weight if weight.ndim == rank + 2 else None


def _value(expression: Formula, dims: Mapping[str, Any]) -> Any:
    try:
        return expression.evaluate(dims)
    except SpecError:
        return None
