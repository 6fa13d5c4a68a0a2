"""Norms that people write themselves: told by what they compute, not by their names."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping

from attncheck.lazy import torch
from attncheck.subject.sampling import generator, statistic
from attncheck.subject.tolerance import EQUAL, NEARLY

_USUAL = (1e-5, 1e-6)


def is_rms_norm(module: torch.nn.Module) -> bool:
    """Say whether a module is an RMSNorm: torch's, or one that people write under that name."""
    return any(base.__name__.endswith("RMSNorm") for base in type(module).__mro__)


def one_more(scale: torch.Tensor) -> torch.Tensor:
    """Return 1 + the scale, the factor of Gemma's norms."""
    return 1 + scale


def by_sample(scale: torch.Tensor) -> torch.Tensor:
    """Return the factor of a norm whose variance is over n - 1, as ``std`` takes it by default."""
    return scale * math.sqrt((len(scale) - 1) / len(scale))


FACTORS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "": lambda scale: scale,
    "1 + its scale": one_more,
    "its variance over n - 1": by_sample,
}
"""What a norm may make of its scale; how a report says it."""


def norm_of(module: torch.nn.Module) -> tuple[str, str, str, float, str] | None:
    """Return (scale, shift, ``rms`` or ``layer``, eps, factor) of a norm over the last axis.

    It has a vector or two of one size, nothing else, and gives for some numbers what the norm
    gives; None of anything else. The factor is one of ``FACTORS``.
    """
    own = dict(module.named_parameters())
    sizes = {tuple(parameter.shape) for parameter in own.values()}
    if not 1 <= len(own) <= 2 or len(sizes) != 1 or len(next(iter(sizes))) != 1:
        return None
    first = next(iter(own.values()))
    if first.numel() < 2:
        return None  # of one number a norm leaves nothing
    x = torch.randn(2, 3, len(first), generator=generator(17), dtype=torch.float64)
    x = x.to(first.dtype) + 0.5
    try:
        with torch.no_grad():
            seen = module(x)
    except Exception:  # it wants something else than tokens
        return None
    if not isinstance(seen, torch.Tensor) or seen.shape != x.shape:
        return None
    names = list(own)
    orders = [(names[0], "")] if len(names) == 1 else itertools.permutations(names)
    found: list[tuple[float, tuple[str, str, str, float, str]]] = []
    for (scale, shift), factor, kind in itertools.product(orders, FACTORS, ("rms", "layer")):
        weight, bias = FACTORS[factor](own[scale].detach()), own.get(shift)
        for eps in [*epsilons(module), _eps_of(kind, x, weight, bias, seen)]:
            with torch.no_grad():
                made = normed(kind, x, weight, bias, eps)
            gap = float((made - seen).abs().max()) / (float(made.abs().max()) or 1.0)
            found += [(gap, (scale, shift, kind, eps, factor))] if gap <= NEARLY else []
    # What single precision leaves tells no constants apart: the likelier one first.
    return min(found, key=lambda one: max(one[0], EQUAL))[1] if found else None


def _eps_of(
    kind: str,
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    seen: torch.Tensor,
) -> float:
    """Return the constant under the root with which a norm of that kind gives what is seen."""
    with torch.no_grad():
        centred = x - x.mean(-1, keepdim=True) if kind == "layer" else x
        told = seen - (0 if bias is None else bias)
        at = (centred * weight).abs().argmax()  # where rounding tells least
        root = (centred * weight).flatten()[at] / told.flatten()[at]
        square = centred.square().mean(-1, keepdim=True).expand_as(x).flatten()[at]
        eps = float(root.square() - square)
    return eps if 0 < eps < 1 else 0.0


def epsilons(module: torch.nn.Module) -> Iterator[float]:
    """Yield the constants to try under a root: those that the module keeps, then usual ones."""
    kept = [
        value
        for sub in module.modules()
        for name, value in vars(sub).items()
        if type(value) is float and "eps" in name.lower()
    ]
    yield from dict.fromkeys([*kept, *_USUAL])


def statistics_of(module: torch.nn.Module, gain: str) -> Iterator[tuple[str, str]]:
    """Yield (mean, variance): buffers beside a gain that may be its running statistics.

    Args:
        module: the whole module.
        gain: dotted name of the gain, a parameter of it.
    """
    owner = gain.rpartition(".")[0]
    size = module.get_parameter(gain).numel()
    own = module.get_submodule(owner).named_buffers(owner, recurse=False)
    kept: dict[str, list[str]] = {"mean": [], "var": []}
    for name, buffer in own:
        if (kind := statistic(name)) and buffer.numel() == size:
            kept[kind].append(name)
    yield from itertools.product(kept["mean"], kept["var"])


def normed(
    kind: str, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, eps: float
) -> torch.Tensor:
    """Apply an RMSNorm or a LayerNorm over the last axis."""
    weight = weight.reshape(-1)
    if kind == "rms":
        made = torch.nn.functional.rms_norm(x, weight.shape, weight, eps)
        return made if bias is None else made + bias.reshape(-1)
    shift = None if bias is None else bias.reshape(-1)
    return torch.nn.functional.layer_norm(x, weight.shape, weight, shift, eps)
