"""A LayerNorm of the input itself, taken for its scale and shift alone."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from attncheck.lazy import torch
from attncheck.trial import Tensors, Trial
from attncheck.watching import watching


def input_norms_affine(trial: Trial, inputs: Tensors) -> AbstractContextManager[Any]:
    """Return a context in which a LayerNorm of an input as it came only scales and shifts it.

    Attention that normalises its input first is what the paper says, on other tokens: what
    follows the norm is as linear as without one. Norms further on do what they do.
    """
    given, named = trial.arguments(inputs)
    came = [t for t in (*given, *named.values()) if isinstance(t, torch.Tensor)]

    def run(_: Any, func: Any, args: Any, kwargs: Any) -> Any:
        out = func(*args, **kwargs)
        if func is not torch.ops.aten.native_layer_norm.default:
            return out
        tensor, weight, bias = args[0], args[2], args[3]
        if not any(tensor.shape == t.shape and torch.equal(tensor, t) for t in came):
            return out
        scaled = tensor.clone() if weight is None else tensor * weight
        return (scaled if bias is None else scaled + bias, *out[1:])

    return watching(run)
