"""What is observed along a straight line of inputs, and whether it is a polynomial there.

A LayerNorm of the input itself is taken for its scale and shift alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any, Literal

from attncheck.instruments.attention.graph import SOFTMAX, record
from attncheck.instruments.behaviour.axes import indices, places_of
from attncheck.instruments.behaviour.gate import gated_inputs, observe
from attncheck.lazy import torch
from attncheck.subject.dispatcher import watching
from attncheck.subject.trial import Tensors, Trial

Seen = Literal["output", "gate logit", "scores"]
"""What is observed: y, log(g / (1 - g)) with g = y / x, or what the softmaxes read."""

Line = Callable[[float], "torch.Tensor"]

_GLOBAL = 1e-8
"""Relative to the largest value: what rounding leaves of a difference that vanishes."""
SHORT_STEP = 1e-3
"""Within it few rectifiers switch."""
_CURVED = 1e-6
"""Of a value's change over a short step: more is curvature, less is rounding."""


class NoLineError(Exception):
    """Nothing of the kind can be observed on this module."""


def line(trial: Trial, seed: int, of: Seen, names: list[str], *, alike: bool) -> Line:
    """Return the observation as a function of the way along a random line of inputs.

    Args:
        trial: the subject on a case.
        seed: which parameters, start and direction.
        of: what is observed.
        names: the inputs that move; the others stay.
        alike: every position of an input holds the same vector.
    """
    module = trial.module(draw_seed=seed).requires_grad_(False)
    start = gated_inputs(trial, 2 * seed, names[0])
    end = gated_inputs(trial, 2 * seed + 1, names[0])
    if alike:
        start = {n: _alike(trial, n, t) for n, t in start.items()}
        end = {n: _alike(trial, n, t) for n, t in end.items()}

    def at(way: float) -> torch.Tensor:
        moved = {n: t + way * (end[n] - t) if n in names else t for n, t in start.items()}
        return _seen(trial, module, moved, of, names[0])

    return at


def _alike(trial: Trial, name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Give every position the vector of the first."""
    for axis in indices(trial.axes(name), places_of(trial.axes(name))):
        tensor = tensor.narrow(axis, 0, 1).expand_as(tensor)
    return tensor.contiguous()


def _seen(
    trial: Trial, module: torch.nn.Module, inputs: Tensors, of: Seen, name: str
) -> torch.Tensor:
    if of == "output":
        with input_norms_affine(trial, inputs):
            return trial.run(module, inputs)
    if of == "gate logit":
        gate = observe(trial, module, inputs, "gate", name)
        if not bool(((gate > 0) & (gate < 1)).all()):
            raise NoLineError("y / x is not within (0, 1): it is no sigmoid's value")
        return torch.logit(gate)
    read = scores(trial, module, inputs)
    if not read:
        raise NoLineError("the module calls no softmax")
    return torch.cat(read)


def scores(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> list[torch.Tensor]:
    """Return what each softmax of a call reads, in one axis; none where no softmax is called."""
    with torch.no_grad(), input_norms_affine(trial, inputs):
        nodes, _ = record(trial, module, inputs)
    return [n.arguments[0].value.flatten() for n in nodes if n.op in SOFTMAX and n.from_input]


def differences(at: Line, degree: int, start: float, step: float) -> tuple[float, float]:
    """Return the share of values whose difference of order ``degree + 1`` is none, and the rest's.

    The second number is the largest such difference, relative to the values. Values that do not
    change at all, and those that are masked, count for nothing; without any, the share is NaN.
    """
    values = [at(start + i * step) for i in range(degree + 2)]
    finite = torch.stack([torch.isfinite(v) & (v.abs() < 1e30) for v in values]).all(0)
    kept = [v[finite] for v in values]
    first = torch.stack([(b - a).abs() for a, b in pairwise(kept)]).amax(0)
    while len(kept) > 1:
        kept = [b - a for a, b in pairwise(kept)]
    sizes = torch.stack([v[finite].abs() for v in values])
    scale = float(sizes.max()) if sizes.numel() else 0.0
    moving = first > 1e-12 * max(scale, 1e-12)
    if not bool(moving.any()):
        return float("nan"), 0.0
    left, first = kept[0][moving].abs(), first[moving]
    allowed = _GLOBAL * scale if step == 1.0 else _CURVED * first
    return float((left <= allowed).double().mean()), float(left.max()) / max(scale, 1e-12)


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
