"""Run a subject on torch's ``meta`` device, and read what it raises there."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.dispatcher import spare_the_compiler, watching
from attncheck.subject.raising import SubjectError
from attncheck.subject.trial import Trial

_ELSEWHERE = re.compile(
    r"not on the expected device|on the same device|on different devices|"
    r"device (type )?(cpu|cuda)|is on cpu|found .* devices?",
    re.IGNORECASE,
)


def raised_on(
    trial: Trial, device: str, prepare: Callable[[torch.nn.Module], None] = lambda _: None
) -> SubjectError | None:
    """Build the module, move it and its inputs, call it; return what it raises.

    An output on another device counts as raised.

    Args:
        trial: the case.
        device: ``meta`` or ``cpu``.
        prepare: done to the module once it has moved.
    """
    spare_the_compiler()
    try:
        module = trial.module().to(device)
        prepare(module)
        inputs = {name: tensor.to(device) for name, tensor in trial.inputs().items()}
        with torch.no_grad(), _apart(device):
            output = trial.with_case(device=device).call(module, inputs).main
    except SubjectError as error:
        return error
    if output.device.type != device:
        text = f"the output is on device {output.device}, expected {device}"
        return SubjectError(RuntimeError(text), "forward")
    return None


_TAKE_BOTH = ("copy_", "_to_copy", "index", "index_put", "index_put_", "_index_put_impl_")
"""Operators that may be given tensors of two devices."""


def _apart(device: str) -> AbstractContextManager[Any]:
    """Return a context in which an operator on tensors of two devices raises.

    Many operators on `meta` look at shapes alone and take anything.
    """

    def apart(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        found = {
            t.device.type
            for t in torch.utils._pytree.tree_leaves((args, kwargs))
            if isinstance(t, torch.Tensor) and t.ndim > 0
        }
        name = operator.overloadpacket.__name__
        if device in found and len(found) > 1 and name not in _TAKE_BOTH:
            other = next(iter(found - {device}))
            raise RuntimeError(
                f"{name} is given a tensor on device {other}, not on the expected device {device}"
            )
        return operator(*args, **kwargs)

    return watching(apart)


def is_elsewhere(error: SubjectError) -> bool:
    """Say whether a tensor on another device is what was raised about."""
    known = isinstance(error.error, NotImplementedError)
    return not known and bool(_ELSEWHERE.search(str(error.error)))
