"""What to type where a module cannot be built or called: tried first, so that it works."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from attncheck.errors import TargetError
from attncheck.signature.constructor import MissingError
from attncheck.signature.convention import GivenInput

_VALUES = (4, 1, 2, 8, 16, True, 0.5, "relu")
_MOST = 64


def with_values(error: MissingError, request: Any, works: Callable[[Any], bool]) -> TargetError:
    """Return the error for parameters without a value, with values under which the module runs."""
    for value in _VALUES:
        given = dict.fromkeys(error.names, value)
        if works(replace(request, arguments={**request.arguments, **given})):
            options = " ".join(f"--init {name}={value}" for name in error.names)
            return TargetError(
                error.what, where=error.where, instead=f"{error.instead}; it runs with {options}"
            )
    return error


def with_inputs(
    error: TargetError,
    request: Any,
    shapes: Sequence[tuple[int, ...]],
    dims: Mapping[str, int],
    works: Callable[[Any], bool],
) -> TargetError:
    """Return the error for a call that no spec's call is, with shapes on which the module runs.

    Args:
        error: the error.
        request: what is asked.
        shapes: the spec's own inputs, the first as often as ``forward`` needs more.
        dims: the base case.
        works: says whether a request can be built and called.
    """
    b, c = dims.get("B", 2), dims.get("C", 32)
    others = [shapes[-1], (b, c), (b, 8, c), (b, c, 1, 1), (b,)]
    tried = itertools.product(*([others] * (len(shapes) - 1)))
    for rest in itertools.islice(tried, _MOST):
        whole = (shapes[0], *rest)
        if works(replace(request, inputs=[GivenInput(shape) for shape in whole])):
            options = " ".join(f"--input {'x'.join(map(str, shape))}" for shape in whole)
            return TargetError(
                error.what,
                where=error.where,
                instead=f"state the call; it runs with {options} "
                "(a mask adds its meaning: --input 2x8:pad-true)",
            )
    return error
