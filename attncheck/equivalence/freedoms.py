"""What implementations may vary, as the spec declares it: the grid of options to try."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from attncheck.data.formula import Formula
from attncheck.subject.subject import Subject

if TYPE_CHECKING:
    from attncheck.lazy import torch
    from attncheck.reference.mechanism import Mechanism

_MOST_COMBINATIONS = 64
_UNKNOWN = object()
"""Left to unification: the sizes of tensors tell it where they are not fused."""
_INPUT_AXES = frozenset({"B", "C", "C2", "D", "H", "W", "N", "M"})


def known_values(
    mechanism: Mechanism, subject: Subject, module: torch.nn.Module
) -> Iterator[dict[str, Any]]:
    """Yield what is known before any tensor is read: the inputs' dims and one choice of options.

    Dims that only the subject's tensors tell (a hidden width, a kernel) are left to unification.
    Numbers that no tensor tells (heads, lambda) are taken from the constructor, or tried.
    """
    fixed = {name: size for name, size in subject.dims.items() if name in _INPUT_AXES}
    grid: dict[str, list[Any]] = {}
    biases = {slot.bias for slot in mechanism.slots.values()}
    untold = _untold(mechanism, subject)
    for name, default in mechanism.defaults.items():
        if name in fixed or name in biases:
            continue  # a bias is read off the tensors
        if name in subject.spec.options:
            declared = subject.spec.options[name]
            usual = [v for v in declared if v == default] + [v for v in declared if v != default]
            kept = _kept(name, module) if isinstance(default, float) else []
            grid[name] = list(dict.fromkeys([*kept, *usual]))
        elif name == "heads":
            grid[name] = _heads(subject, module)
        elif name in untold:
            grid[name] = _numbers(name, subject, module)
        elif name.endswith("_heads"):
            grid[name] = [*_numbers(name, subject, module), _UNKNOWN]
        elif isinstance(default, float):
            grid[name] = _floats(default, subject)
    combinations = itertools.product(*grid.values())
    for values in itertools.islice(combinations, _MOST_COMBINATIONS):
        chosen = zip(grid, values, strict=True)
        yield {**fixed, **{name: value for name, value in chosen if value is not _UNKNOWN}}


def _heads(subject: Subject, module: torch.nn.Module) -> list[int]:
    """Return head counts: from the constructor, from attributes named so, then divisors."""
    if "heads" in subject.binding.fixed or "heads" in subject.binding.follows:
        return [subject.dims["heads"]]
    width = subject.dims.get("C", 1)
    found = [subject.dims["heads"]] if "heads" in subject.dims else []
    for sub in module.modules():
        found += [
            value
            for name, value in vars(sub).items()
            if "head" in name.lower() and isinstance(value, int) and not isinstance(value, bool)
        ]
    divisors = [n for n in range(1, width + 1) if width % n == 0]
    return list(dict.fromkeys(n for n in [*found, *divisors] if n > 0))[:6]


def _untold(mechanism: Mechanism, subject: Subject) -> set[str]:
    """Return the dims that no tensor's size tells, such as a window or a dilation."""
    slots = mechanism.slots.values()
    texts = [text for slot in slots for text in slot.sizes]
    settings = [(key, v) for slot in slots for key, v in slot.settings if isinstance(v, str)]
    texts += [v for key, v in settings if key != "dilation"]
    told = {name for text in [*texts, *mechanism.derived.values()] for name in Formula(text).names}
    dims = {name for name, default in mechanism.defaults.items() if default is None}
    spread = {name for key, v in settings if key == "dilation" for name in Formula(v).names}
    return ((dims | spread) & set(subject.dims)) - told


def _numbers(name: str, subject: Subject, module: torch.nn.Module) -> list[int]:
    """Return a number's values: from the constructor, else from attributes named so."""
    if name in subject.binding.follows or name in subject.binding.fixed:
        return [subject.dims[name]]
    known = {name, *subject.spec.names.get(name, [])}
    found = [
        value
        for sub in module.modules()
        for attribute, value in vars(sub).items()
        if attribute.strip("_") in known and type(value) is int
    ]
    return list(dict.fromkeys([*found, subject.dims[name]]))[:3]


def _kept(name: str, module: torch.nn.Module) -> list[float]:
    """Return what the module keeps under a constant's name: ``lambda_init``, of ``lam``."""
    found = [
        value
        for sub in module.modules()
        for attribute, value in vars(sub).items()
        if type(value) is float and attribute.strip("_").lower().startswith(name)
    ]
    return list(dict.fromkeys(found))[:2]


def _floats(default: float, subject: Subject) -> list[float]:
    """Return a constant's values: the definition's, then those of the subject's constructor."""
    kinds = (int, float) if default >= 1 and default == int(default) else (float,)
    given = [v for v in subject.binding.literal.values() if type(v) in kinds]
    try:
        parameters = list(inspect.signature(subject.factory).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    stated = [p.default for p in parameters if type(p.default) in kinds]
    found = [float(v) for v in [*given, *stated] if type(v) is float or v >= 100]
    return list(dict.fromkeys([default, *found]))[:4]
