"""Casts to single precision inside a module that is tried in double precision.

A softmax is often taken in float32 whatever the module's own precision: `scores.float()`. That is
deliberate, it is no other function, and yet it would blur every comparison in float64. Inside
:func:`widened` such a cast keeps the precision that its tensor has.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.dispatcher import watching


def widened() -> AbstractContextManager[Any]:
    """Return a context in which what is float64 stays so where float32 is asked for."""
    return watching(_keep)


class Narrowing:
    """A context that tells, as ``seen``, whether a float64 tensor was cast to float32 in it."""

    def __init__(self) -> None:
        self.seen = False
        self._mode = watching(self._look)

    def __enter__(self) -> Narrowing:
        self._mode.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._mode.__exit__(*raised)

    def _look(self, mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        self.seen = self.seen or _narrows(args, kwargs)
        return operator(*args, **kwargs)


def _keep(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
    if _narrows(args, kwargs):
        kwargs = {**kwargs, "dtype": torch.float64}
    return operator(*args, **kwargs)


def _narrows(args: Any, kwargs: Any) -> bool:
    """Say whether an operator asks for float32 of a tensor of float64."""
    if kwargs.get("dtype") is not torch.float32:
        return False
    first = args[0] if args else kwargs.get("self")
    return isinstance(first, torch.Tensor) and first.dtype == torch.float64
