"""What to type where a module cannot be built or called: tried first, so that it works."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from attncheck.errors import TargetError
from attncheck.signature.binding import ASSUMED
from attncheck.signature.constructor import MissingError
from attncheck.signature.convention import GivenInput
from attncheck.subject.subject import Subject

_VALUES = (4, 1, 2, 8, 16, True, 0.5, "relu")
_MOST = 64


class GuessableError(TargetError):
    """Parameters have no value, their names say nothing, and with some values the module runs.

    Attributes:
        subjects: the module under each of these values, as assumptions: worth no more than a
            proof that it then computes its definition.
    """

    def __init__(self, error: TargetError, instead: str, subjects: Sequence[Subject]) -> None:
        self.subjects = subjects
        super().__init__(error.what, where=error.where, instead=instead)


def with_values(
    error: MissingError, request: Any, made: Callable[[Any], Subject | None]
) -> TargetError:
    """Return the error for parameters without a value, with values under which the module runs."""
    found: dict[Any, Subject] = {}
    for value in _VALUES:
        given = dict.fromkeys(error.names, value)
        subject = made(replace(request, arguments={**request.arguments, **given}))
        if subject is not None:
            origins = {**subject.binding.origins, **dict.fromkeys(error.names, ASSUMED)}
            binding = replace(subject.binding, origins=origins)
            found[repr(value)] = replace(subject, binding=binding)
    if not found:
        return error
    options = " ".join(f"--init {name}={next(iter(found))}" for name in error.names)
    hint = f"{error.instead}; it runs with {options}"
    return GuessableError(error, hint, [*found.values()])


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
