"""What a whole model hands to one of its parts, as an audit states it.

Tensors of numbers are drawn anew. What follows from positions alone is computed anew, too, where it
is what the usual convention has; a mask is told by what it hides. The rest is kept as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attncheck.data.literals import is_literal
from attncheck.lazy import torch
from attncheck.signature.caches import is_cache_name
from attncheck.signature.convention import GivenInput, Held
from attncheck.signature.forward import forward_parameters
from attncheck.signature.masks import is_mask_name
from attncheck.subject.tables import table_text

_HIDES = -1e4
"""What is added to a logit at most, to hide its key."""
_SAMPLED = 3
"""Axes of what may begin with the samples."""


def given_to(
    part: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[GivenInput]:
    """Yield what a call hands over as ``--input`` states it; what is None is left out."""
    parameters = forward_parameters(part)
    names = [p.name for p in parameters]
    plain = True  # positions count until one is left out
    for at, value in enumerate(args):
        name = names[at] if at < len(names) else ""
        if plain and _is_data(name, value):
            yield GivenInput(tuple(value.shape))
            continue
        plain = False
        if name:
            yield from _named(name, value, needed=_needed(parameters, name))
    defaults = {p.name: p.default for p in parameters}
    for name, value in kwargs.items():
        if torch.is_tensor(value) or value is not defaults.get(name, inspect.Parameter):
            yield from _named(name, value, needed=_needed(parameters, name))


def cache_handed(part: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the parameter through which a call hands over a cache and no mask, "" without one.

    A mask that is the same everywhere hides nothing.
    """
    names = [p.name for p in forward_parameters(part)]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    masks = [v for n, v in given.items() if is_mask_name(n) and torch.is_tensor(v)]
    if any(bool((mask != mask.flatten()[0]).any()) for mask in masks if mask.numel()):
        return ""
    plain = (bool, int, float, str, type(None), torch.Tensor)
    held = (n for n, v in given.items() if is_cache_name(n) and not isinstance(v, plain))
    return next(held, "")


def _named(name: str, value: Any, *, needed: bool) -> Iterator[GivenInput]:
    if _is_data(name, value):
        yield GivenInput(tuple(value.shape), name)
    elif isinstance(value, (bool, int, float)) and is_literal(value):
        yield GivenInput(name=name, literal=repr(value))
    elif torch.is_tensor(value) and is_mask_name(name) and (meaning := _meaning(value)):
        yield GivenInput(tuple(value.shape), name, meaning)
    elif text := table_text(value):
        yield GivenInput(name=name, made=text)
    elif value is not None and (needed or _holds_tensors(value)):
        yield GivenInput(name=name, held=_held(value))


def _is_data(name: str, value: Any) -> bool:
    """Say whether it is a tensor that other numbers may take the place of."""
    return torch.is_tensor(value) and value.is_floating_point() and not is_mask_name(name)


def _needed(parameters: Sequence[inspect.Parameter], name: str) -> bool:
    return any(p.name == name and p.default is inspect.Parameter.empty for p in parameters)


def _holds_tensors(value: Any) -> bool:
    """Say whether it is a tensor, or a plain tuple, list or dict of some: a cache is none."""
    if isinstance(value, (tuple, list)):
        return any(map(_holds_tensors, value))
    if type(value) is dict:
        return any(map(_holds_tensors, value.values()))
    return torch.is_tensor(value)


def _meaning(mask: torch.Tensor) -> str:
    """Return what a mask means, as far as what it hides tells; "" where nothing does.

    Where it says of each pair of tokens whether they see each other, each sees itself.
    """
    seen = mask
    if mask.ndim >= 2 and mask.shape[-1] == mask.shape[-2]:
        seen = mask.diagonal(dim1=-2, dim2=-1)
    if mask.dtype == torch.bool:
        return "valid-true" if bool(seen.all()) else "" if bool(seen.any()) else "pad-true"
    if mask.is_floating_point() and not bool(seen.any()):
        others = mask[mask != 0]
        return "additive" if bool((others <= _HIDES).all()) else ""
    return "valid-01" if bool((seen == 1).all()) else ""


def _held(value: Any) -> Held:
    """Return it; once, where it says the same of every sample."""
    if not torch.is_tensor(value) or value.ndim < _SAMPLED or value.shape[0] == 1:
        return Held(value)
    return Held(value[:1]) if bool((value == value[:1]).all()) else Held(value, value.shape[0])


def handed(held: Held, dtype: torch.dtype, device: str) -> Any:
    """Return what is kept, copied, its numbers in the precision of a call."""

    def copied(value: Any) -> Any:
        if torch.is_tensor(value):
            kind = dtype if value.is_floating_point() else value.dtype
            return value.detach().to(device=device, dtype=kind, copy=True)
        if isinstance(value, (tuple, list)):
            return type(value)(map(copied, value)) if not hasattr(value, "_fields") else value
        if type(value) is dict:
            return {name: copied(one) for name, one in value.items()}
        return value

    return copied(held.value)
