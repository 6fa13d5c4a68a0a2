"""Inputs that a program has at hand, as ``--input`` takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attncheck.errors import UsageError


def as_typed(given: Sequence[Any] | Mapping[str, Any] | None, *, plain: bool = False) -> list[str]:
    """Return inputs as ``--input`` takes them; ``plain`` ones may hold others, and values.

    Raises:
        UsageError: one is neither a text, a tensor nor a shape.
    """
    if given is None:
        return []
    if isinstance(given, str) or hasattr(given, "shape"):
        given = [given]
    if isinstance(given, Mapping):
        return [f"{name}={_shape(one, plain=plain)}" for name, one in given.items()]
    given = [given] if given and all(type(size) is int for size in given) else given
    return [_shape(one, plain=plain) for one in given]


def _shape(given: Any, *, plain: bool) -> str:
    if isinstance(given, str):
        return given
    if plain and (given is None or isinstance(given, (bool, float))):
        return repr(given)
    if plain and isinstance(given, Mapping):
        return f"{{{','.join(f'{n}:{_shape(one, plain=plain)}' for n, one in given.items())}}}"
    if plain and isinstance(given, (list, tuple)) and any(type(one) is not int for one in given):
        inside = ",".join(_shape(one, plain=plain) for one in given)
        return f"[{inside}]" if isinstance(given, list) else f"({inside},)"
    try:
        sizes = [int(size) for size in getattr(given, "shape", given)]
    except (TypeError, ValueError):
        raise UsageError(
            f"{type(given).__name__} is no input",
            where="inputs",
            instead="give shapes, (2, 32, 8, 6), or tensors",
        ) from None
    return "x".join(map(str, sizes))
