"""Random parameters, statistics and inputs, scaled so that nothing saturates."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache

from attncheck.lazy import torch

_NORMS = (
    "_BatchNorm",
    "_InstanceNorm",
    "LayerNorm",
    "GroupNorm",
    "RMSNorm",
)
_STATISTICS = {"mean": ("mean", "mu", "avg"), "var": ("var", "variance")}
_SOFT = 0.125
_MOST_KEPT = 100_000
"""Numbers of a module whose noise is kept for the next claim on the same case."""


def generator(seed: int) -> torch.Generator:
    """Return a CPU generator for this seed; results do not depend on the device."""
    return torch.Generator().manual_seed(seed)


def seed_everything(seed: int, device: str = "cpu") -> None:
    """Seed torch's own generators, so that a module that draws at random does so alike.

    ``torch.manual_seed`` asks every kind of device, which takes longer than a small module's
    whole forward pass; where nothing but the CPU is in use, its generator is enough.
    """
    in_use: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    if device in ("cpu", "meta") and not in_use:
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def draw(shape: tuple[int, ...], source: torch.Generator, values: str = "normal") -> torch.Tensor:
    """Return a float64 tensor of the shape.

    Args:
        shape: sizes.
        source: where randomness comes from.
        values: ``normal``; ``ramp`` (distinct small numbers, easy to read in a witness);
            ``ones``.
    """
    if values == "ones":
        return torch.ones(shape, dtype=torch.float64)
    if values == "ramp":
        count = math.prod(shape)
        ramp = torch.arange(count, dtype=torch.float64).remainder(7).sub(3).div(4)
        return ramp.add(torch.arange(count, dtype=torch.float64).div(8 * count)).reshape(shape)
    return torch.randn(shape, generator=source, dtype=torch.float64)


def is_unfinished(module: torch.nn.Module) -> bool:
    """Say whether a parameter or a buffer has no shape before the first call (lazy layers)."""
    return any(
        torch.nn.parameter.is_lazy(tensor)
        for held in (module.parameters(), module.buffers())
        for tensor in held
    )


def randomise(module: torch.nn.Module, seed: int) -> None:
    """Re-draw every parameter and running statistic in place, alike for a seed.

    A ``gamma = 0`` or a zero-initialised last layer hides everything behind it, so no claim is
    decided at initialisation alone. Weights of two or more axes are drawn with variance
    1 / fan-in, scales of norms around one, biases and other vectors around what they are, never
    zero; running means and variances away from 0 and 1. Other buffers are constants and stay, and
    so do constants in parameters that are kept from learning: masks, tables, indices.
    """
    scales = {id(scale) for scale in _scales(module)}
    parameters = list(module.parameters())
    wanted = tuple((tuple(p.shape), id(p) in scales) for p in parameters)
    few = sum(math.prod(shape) for shape, _ in wanted) <= _MOST_KEPT
    drawn, state = (_drawn if few else _drawn.__wrapped__)(seed, wanted)
    with torch.no_grad():
        for parameter, values, (shape, is_scale) in zip(parameters, drawn, wanted, strict=True):
            if is_kept(parameter):
                continue
            flat = len(shape) < 2 and not is_scale
            parameter.copy_(_around(parameter, values) if flat else values)
        source: torch.Generator | None = None
        for name, buffer in module.named_buffers():
            kind = _at_start(name, buffer)
            if kind and source is None:
                source = generator(seed)
                source.set_state(state)
            if kind == "mean":
                buffer.copy_(0.3 * torch.randn(buffer.shape, generator=source))
            elif kind == "var":
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=source))


def soften(module: torch.nn.Module) -> None:
    """Make the weights small, in place: what a softmax or a kernel drowns is felt then."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim > 1 and not is_kept(parameter):
                parameter.mul_(_SOFT)


def statistic(name: str) -> str:
    """Return which running statistic a buffer's name says it is, ``mean`` or ``var``; "" of none.

    People who write a norm out have ``running_mean``, ``moving_mean``, ``bn_mean``, …
    """
    words = set(re.split(r"[^a-z]+", name.rpartition(".")[2].lower()))
    return next((kind for kind, known in _STATISTICS.items() if words & {*known}), "")


def _at_start(name: str, buffer: torch.Tensor) -> str:
    """Return which statistic a buffer is, by its name and where it starts: at zeros or ones."""
    kind = statistic(name)
    if name.endswith(("running_mean", "running_var")):
        return kind
    starts = buffer.is_floating_point() and bool((buffer == float(kind == "var")).all())
    return kind if starts else ""


def is_kept(parameter: torch.Tensor) -> bool:
    """Say whether a parameter holds a constant: it never learns, and its numbers differ.

    A frozen scale of ones, or a gamma of zero, is none: it would hide what is behind it. What
    holds no fractions is one whatever it is: a mask, an index.
    """
    if not (parameter.is_floating_point() or parameter.is_complex()):
        return True
    if parameter.requires_grad or parameter.numel() < 2:
        return False
    return bool((parameter != parameter.reshape(-1)[0]).any())


def turn_scales(module: torch.nn.Module, bare: Iterable[str] = ()) -> bool:
    """Make every other scale of norms negative, in place; say whether there are any.

    ``bare`` names parameters that are scales of norms which are written out.

    Trained scales come near zero and past it: what is true of positive ones alone (an absolute
    value that is left out) is not the mechanism.
    """
    scales = [*_scales(module), *(module.get_parameter(name) for name in bare)]
    found = list({id(scale): scale for scale in scales}.values())
    with torch.no_grad():
        for scale in found:
            scale.view(-1)[::2].neg_()
    return bool(found)


def _scales(module: torch.nn.Module) -> list[torch.Tensor]:
    """Return the scales of a module's norms, a shared one once."""
    found: dict[int, torch.Tensor] = {}
    for sub in module.modules():
        if _is_norm(type(sub).__mro__) and torch.is_tensor(scale := getattr(sub, "weight", None)):
            found[id(scale)] = scale
    return list(found.values())


@lru_cache(maxsize=256)
def _is_norm(bases: tuple[type, ...]) -> bool:
    return any(base.__name__ in _NORMS for base in bases)


@lru_cache(maxsize=64)
def _drawn(
    seed: int, wanted: tuple[tuple[tuple[int, ...], bool], ...]
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Return values for parameters of these shapes, and the state that the generator is left in.

    Scales of norms and weights are whole, what else is a vector is noise yet.
    """
    source = generator(seed)
    return [_value(shape, source, is_scale=is_scale) for shape, is_scale in wanted], (
        source.get_state()
    )


def _value(shape: tuple[int, ...], source: torch.Generator, *, is_scale: bool) -> torch.Tensor:
    noise = torch.randn(shape, generator=source, dtype=torch.float64)
    if not noise.numel():
        return noise
    if is_scale:
        return 1.0 + 0.25 * noise.clamp(-2, 2)
    if len(shape) < 2:
        return noise
    fan_in = max(math.prod(shape[1:]), 1)
    if len(shape) == 3:
        # (heads, in, out) as often as (out, in, k): take the mean fan
        fan_in = max(int(math.prod(shape) ** (1 / 2)), 1)
    return noise * (1.2 / math.sqrt(fan_in))


def _around(parameter: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Return a vector or a number around what it is."""
    if parameter.numel() == 0:
        return noise
    # A scalar (gamma, temperature) keeps its sign and stays well away from zero.
    start = parameter.detach().double().cpu()
    if parameter.numel() == 1:
        base = torch.where(start.abs() > 0.05, start, torch.full_like(start, 0.8))
        return base * (1 + 0.2 * noise.clamp(-2, 2))
    return start + 0.3 * noise
