"""What a constructor's parameter that nobody states may be given, likeliest first."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.binding import ASSUMED, AUTHORS
from attncheck.signature.names import (
    counts_axes,
    dim_alike,
    dim_ending,
    dim_guessed,
    dim_named,
    is_dropout,
)
from attncheck.signature.usage import Use

SIZES = ("N", "M", "H", "W", "size")
"""Dims that a constructor may take, and that a call need not agree with."""
WIDTHS = ("C", "C2")
"""Dims that are audited narrower than their authors have them."""
_ABSENT: Any = object()
_PLAIN: tuple[tuple[str, Any], ...] = (
    (r"(^|_)(use|with|is|has|add|return|enable)_|causal|flash|training", False),
    (r"bias", True),
    (r"(^|_)eps(ilon)?$", 1e-5),
    (r"theta|rotary_base|rope_base", 10000.0),
    (r"(^|_)(std|initializer_range|init_range)$", 0.02),
    (r"^(n|num)_layers?$|num_hidden_layers|^depth$", 1),
    (r"(layer|block)_?(idx|id|index|i|no|num|number)$", 1),
    (r"vocab", 32),
    (r"^device$", "cpu"),
    (r"^dtype$", None),
    (r"hidden_act|^activation(_fn|_function)?$", "gelu"),
)
"""Names that say what kind of plain value is meant, where it is no size of the mechanism."""


@dataclass(frozen=True)
class Guess:
    """One value for one parameter.

    Attributes:
        origin: how it is known.
        text: the formula over dims that it follows, "" where it is no formula.
        value: the value, where it is no formula.
        fixes: dim -> what it makes of it.
    """

    origin: str = ASSUMED
    text: str = ""
    value: Any = _ABSENT
    fixes: Mapping[str, int] = field(default_factory=dict)

    @property
    def left_out(self) -> bool:
        """Whether the parameter is left to its author's default."""
        return not self.text and self.value is _ABSENT


def optional_guesses(
    parameter: inspect.Parameter, dims: Mapping[str, int], names: Mapping[str, list[str]], use: Use
) -> list[Guess]:
    """Return what a parameter with a default may be given; none where it means no dim.

    The author's default stands. A width is audited narrower, as an assumption, and at the
    author's own where that does not work; ``None`` is replaced by the dim that it stands for.
    """
    dim, default = dim_named(parameter.name, dims, names), parameter.default
    if not dim and type(default) is int:  # rel_max_distance is a max_distance
        dim = dim_ending(parameter.name, dims, names)
    if parameter.name == "size" and isinstance(default, tuple) and "H" in dims:
        dim = "size"  # one number may be a width
    if not dim or isinstance(default, (bool, str)):
        return []
    followed = Guess(text=_parted(dim, use, default))
    if default is None:
        own = Guess(AUTHORS)
        return [own, followed] if dim in SIZES else [followed, own]
    fixes = _fixes(dim, default)
    own = Guess(AUTHORS, fixes=fixes)
    if dim in WIDTHS and fixes:
        return [followed, own]
    if dim in SIZES:
        return [Guess(AUTHORS), followed, *([own] if fixes else [])]
    return [own]


def required_guesses(
    parameter: inspect.Parameter,
    dims: Mapping[str, int],
    names: Mapping[str, list[str]],
    use: Use,
    taken: set[str],
) -> list[Guess]:
    """Return what a parameter without a default may be given; none where nothing is known.

    Args:
        parameter: the parameter.
        dims: the spec's dims.
        names: the spec's own names of dims.
        use: what the source does with it.
        taken: dims that other parameters have by name already.
    """
    name, kind = parameter.name, _kind(parameter.annotation)
    if kind == "module" or (use.applied and kind == ""):
        return [Guess(value=_layer(name)())]
    if kind == "class" or (use.made and kind == "" and not use.widths):
        return [Guess(value=kind_of) for kind_of in _classes(name, dims)]
    if kind == "switch" or (use.is_switch and kind == "" and not dim_named(name, dims, names)):
        return [Guess(value=False), Guess(value=True)]
    if is_dropout(name):
        return [Guess(value=0.0)]
    dim = dim_named(name, dims, names)
    if name != dim == name.upper() and dim in taken:  # h beside H: heads, where there are some
        dim = next((own for own in dims if own.startswith(name)), "")
    found: list[Guess] = []
    if not dim and counts_axes(name):
        found.append(Guess(value=2 if "H" in dims else 1))
        dim = "C" if "C" in dims else ""
    dim = dim or dim_alike(name, dims) or dim_ending(name, dims, names)
    dim = dim or dim_guessed(name, dims, taken)
    if dim:
        pair = use if use.parts or kind != "pair" else Use(parts=2)
        found.append(Guess(text=_parted(dim, pair)))
        found += [Guess(text=text) for text in _otherwise(dim, dims, pair)]
        numbers = (case for case in use.cases if type(case) is int)
        return found + [Guess(value=case, fixes=_fixes(dim, case)) for case in numbers]
    for pattern, value in _PLAIN:
        if re.search(pattern, name.lower()):
            return [Guess(value=value)]
    if kind in ("", "number") and not use.parts:
        found = [Guess(text=text) for text in _by_layers(use.widths, dims, names, taken)]
    return found + [Guess(value=case) for case in use.cases]


def _by_layers(
    widths: tuple[str, ...],
    dims: Mapping[str, int],
    names: Mapping[str, list[str]],
    taken: set[str],
) -> list[str]:
    """Return what a width may mean by what the constructor's layers make of it, likeliest first.

    What a layer takes in before any gives it out is the input's; what one gives out first is the
    inside of a feed-forward, or the output.
    """
    whole = [dim for dim in ("C", "D", "C2") if dim in dims]
    inner = [dim for dim, own in names.items() if dim in dims and dim not in whole and _wide(own)]
    if not widths:
        return []
    if widths[0] == "out":
        return [*inner, *whole] if "in" in widths else [*whole[::-1], *inner]
    return sorted(whole, key=lambda dim: (dim == "C2", dim in taken))


def _wide(own: list[str]) -> bool:
    """Say whether a dim's own names speak of a width."""
    return any(re.search("dim|hidden|channels|units", name) for name in own)


def _parted(dim: str, use: Use, default: Any = None) -> str:
    """Return the formula, as often as the source indexes it."""
    if isinstance(default, float) and 0 < default < 1:
        return f"1/{dim}"
    if dim == "size" or use.parts < 2:
        return dim
    if dim in ("H", "W") and use.parts == 2:
        return "size"
    return f"({', '.join([dim] * use.parts)})"


def _otherwise(dim: str, dims: Mapping[str, int], use: Use) -> list[str]:
    """Return what else the name may mean, to be tried where the likeliest does not work."""
    if dim == "H * W":
        return ["H", "size"]
    if dim == "size":
        return ["H", "H * W"]
    pair = dim if use.parts >= 2 else f"({dim}, {dim})"
    if dim == "d":
        return [other for other in ("C", "D") if other in dims]
    return [] if dim in (*WIDTHS, "D", "heads") else [pair]


def _fixes(dim: str, default: Any) -> dict[str, int]:
    """Return what a default makes of the dim that its parameter means; empty for no number."""
    if isinstance(default, (tuple, list)) and default and len(set(map(repr, default))) == 1:
        default = default[0]
    if isinstance(default, float) and 0 < default < 1:
        return {dim: round(1 / default)}
    if isinstance(default, bool) or not isinstance(default, int) or default < 1:
        return {}
    return {"H": default, "W": default} if dim == "size" else {dim: default}


def _kind(annotation: Any) -> str:
    """Return what an annotation says: ``module``, ``class``, ``switch``, ``pair`` or ``""``."""
    if annotation is inspect.Parameter.empty:
        return ""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    whole = str(annotation)
    if re.search(r"\b[Tt]ype\[|Callable", whole):
        return "class"
    if re.search(r"(^|[.\s\[|])Module\b", whole.rstrip("'>")) or _is_module(annotation):
        return "module"
    if re.search(r"\b(Tuple|tuple|Sequence|List|list)\b", whole):
        return "pair"
    return {"bool": "switch", "int": "number", "float": "number", "str": "text"}.get(text, "")


def _is_module(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, torch.nn.Module)


def _layer(name: str) -> Any:
    """Return what makes the layer that a name asks for; one that does nothing by default."""
    lowered = name.lower()
    if "drop" in lowered:
        return lambda: torch.nn.Dropout(0.0)
    return torch.nn.ReLU if "act" in lowered else torch.nn.Identity


def _classes(name: str, dims: Mapping[str, int]) -> list[Any]:
    """Return the classes that a name may ask for."""
    nn, lowered, is_map = torch.nn, name.lower(), "H" in dims
    if "norm" in lowered:
        norms = [nn.BatchNorm2d, nn.LayerNorm] if is_map else [nn.LayerNorm, nn.BatchNorm1d]
        return [*norms, nn.Identity]
    for word, layers in (
        ("drop", [nn.Dropout]),
        ("act", [nn.ReLU, nn.GELU]),
        ("gate", [nn.Sigmoid]),
        ("conv", [nn.Conv2d if is_map else nn.Conv1d]),
        ("linear", [nn.Linear]),
        ("pool", [nn.AdaptiveAvgPool2d if is_map else nn.AdaptiveAvgPool1d]),
    ):
        if word in lowered:
            return layers
    return [nn.Identity]
