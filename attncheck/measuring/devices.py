"""Run a subject on torch's ``meta`` device, and read what it raises there."""

from __future__ import annotations

import re
from collections.abc import Callable

from attncheck.lazy import torch
from attncheck.target.raising import SubjectError
from attncheck.trial import Trial

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
    try:
        module = trial.module().to(device)
        prepare(module)
        inputs = {name: tensor.to(device) for name, tensor in trial.inputs().items()}
        with torch.no_grad():
            output = trial.with_case(device=device).call(module, inputs).main
    except SubjectError as error:
        return error
    if output.device.type != device:
        text = f"the output is on device {output.device}, expected {device}"
        return SubjectError(RuntimeError(text), "forward")
    return None


def is_elsewhere(error: SubjectError) -> bool:
    """Say whether a tensor on another device is what was raised about."""
    known = isinstance(error.error, NotImplementedError)
    return not known and bool(_ELSEWHERE.search(str(error.error)))
