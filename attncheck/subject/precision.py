"""A module's precision, and casts to single precision inside one that is tried in double.

A softmax is often taken in float32 whatever the module's own precision: `scores.float()`. That is
deliberate, it is no other function, and yet it would blur every comparison in float64. Inside
:func:`widened` such a cast keeps the precision that its tensor has. A cast to half precision is a
fault or a choice, and only without it one sees what else a module computes.
"""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.dispatcher import watching


def widened(*, half: bool = False) -> AbstractContextManager[Any]:
    """Return a context in which what is float64 stays so where float32 is asked for.

    With ``half``, where float16 or bfloat16 are asked for as well.
    """
    asked = (torch.float32, *low_precisions()) if half else (torch.float32,)

    def keep(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        wide = (torch.float64, torch.int64)  # positions meet what stays wide
        if _narrows(args, kwargs, asked, wide):
            kwargs = {**kwargs, "dtype": torch.float64}
        return operator(*args, **kwargs)

    return watching(keep)


def low_precisions() -> tuple[torch.dtype, ...]:
    """Return the types of half precision."""
    return torch.float16, torch.bfloat16


def widen_attributes(module: torch.nn.Module) -> None:
    """Make the tensors of single precision double that a module keeps beside its buffers."""
    for part in module.modules():
        for name, value in vars(part).items():
            if isinstance(value, torch.Tensor) and value.dtype == torch.float32:
                setattr(part, name, value.double())


def placed(module: torch.nn.Module, device: str, dtype: torch.dtype) -> None:
    """Move a module as its ``to`` does; complex numbers, of rotations, stay complex.

    In single and double precision: ``to`` itself makes real numbers of them, and says a warning.
    """
    turns = {torch.float64: torch.complex128, torch.float32: torch.complex64}.get(dtype)
    held = itertools.chain(module.parameters(), module.buffers())
    if turns is None or not any(tensor.is_complex() for tensor in held):
        module.to(device=device, dtype=dtype)
        return

    def move(t: torch.Tensor) -> torch.Tensor:
        own = turns if t.is_complex() else dtype if t.is_floating_point() else t.dtype
        return t.to(device=device, dtype=own)

    module._apply(move)  # type: ignore[no-untyped-call]


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


def _narrows(
    args: Any,
    kwargs: Any,
    asked: tuple[torch.dtype, ...] = (),
    kinds: tuple[torch.dtype, ...] = (),
) -> bool:
    """Say whether an operator asks for float32 of a tensor of float64, or for these of those."""
    if kwargs.get("dtype") not in (asked or (torch.float32,)):
        return False
    first = args[0] if args else kwargs.get("self")
    return isinstance(first, torch.Tensor) and first.dtype in (kinds or (torch.float64,))
