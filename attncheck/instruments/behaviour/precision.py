"""What arithmetic of a lower precision may do to a result, measured in float64."""

from __future__ import annotations

import re

from attncheck.lazy import torch
from attncheck.subject.sampling import generator
from attncheck.subject.tolerance import rounding
from attncheck.subject.trial import Tensors, Trial

_MISSING = re.compile(
    r"not implemented for '|not supported for (half|bfloat16|float16)|"
    r"does not support (half|bfloat16|float16|double)|unsupported (dtype|scalartype)|"
    r"only supported for .* tensors, but got|low precision dtypes not supported|"
    r"expected .* to be (a )?float or double",
    re.IGNORECASE,
)
_MIXED = re.compile(r"scalar type|same dtype|but found|mat1 and mat2 must have", re.IGNORECASE)
_DRAWS = 3
_BOLDER, _BOLD = 9, 4.0
"""Further draws, and by what they are rounded more."""
_STEPS = 16.0
"""How many roundings as large as that of the data itself a chain of layers adds."""


def is_missing_kernel(error: BaseException) -> bool:
    """Say whether torch lacks the operator in this precision; mixing precisions is no such case."""
    text = str(error)
    return isinstance(error, (NotImplementedError, RuntimeError)) and bool(
        _MISSING.search(text) and not _MIXED.search(text)
    )


def reference_output(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> torch.Tensor:
    """Return what the module's parameters and inputs, as rounded, give in the subject's precision.

    The result is float64, whatever was computed in.
    """
    wide = trial.with_case(dtype=trial.subject.dtype)
    copied = twin(wide, module)
    with torch.no_grad():
        return wide.run(copied, _widened(inputs, wide)).double()


def allowed_error(
    trial: Trial,
    module: torch.nn.Module,
    inputs: Tensors,
    exact: torch.Tensor,
    error: float,
) -> float:
    """Return how far arithmetic in the case's dtype may take the output from ``exact``.

    Parameters and inputs are rounded at random in units of the dtype's resolution; what that
    does to the output, in the worst of some draws, is one step of error, and a chain of layers
    makes several. Draws end where they explain the ``error`` that was seen. Where none does, more
    are rounded as several steps would: they choose otherwise where a choice hangs by a rounding.
    """
    wide = trial.with_case(dtype=trial.subject.dtype)
    eps = float(torch.finfo(trial.dtype).eps)
    worst, floor = 0.0, rounding(max(float(exact.abs().max()), 1e-3), trial.dtype, 8)
    for draw in range(_DRAWS + _BOLDER):
        bold = 1.0 if draw < _DRAWS else _BOLD
        source = generator(9_176 + draw)
        copied = twin(wide, module)
        with torch.no_grad():
            for parameter in copied.parameters():
                if parameter.is_floating_point():
                    parameter.mul_(_noise(parameter, bold * eps, source))
            noisy = {
                n: t * _noise(t, bold * eps, source) if t.is_floating_point() else t
                for n, t in _widened(inputs, wide).items()
            }
            moved = (wide.run(copied, noisy).double() - exact).abs().max()
        worst = max(worst, float(moved.nan_to_num(nan=float("inf"))) / bold)
        if _STEPS * worst + floor >= error:
            break
    return _STEPS * worst + floor


def _widened(inputs: Tensors, wide: Trial) -> Tensors:
    return {n: t.to(wide.dtype) if t.is_floating_point() else t for n, t in inputs.items()}


def twin(wide: Trial, module: torch.nn.Module) -> torch.nn.Module:
    """Return a fresh module in the wide precision with the other module's values."""
    made = wide.module()
    values = {
        n: t.to(wide.dtype) if t.is_floating_point() else t
        for n, t in [*module.named_parameters(), *module.named_buffers()]
    }
    with torch.no_grad():
        for name, tensor in [*made.named_parameters(), *made.named_buffers()]:
            if name in values and values[name].shape == tensor.shape:
                tensor.copy_(values[name])
    return made


def _noise(tensor: torch.Tensor, eps: float, source: torch.Generator) -> torch.Tensor:
    uniform = torch.rand(tensor.shape, generator=source, dtype=torch.float64) * 2 - 1
    return (1 + eps * uniform).to(tensor.dtype)
