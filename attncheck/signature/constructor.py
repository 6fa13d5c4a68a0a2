"""Bind a constructor's parameters to the spec's dims by the names that people use."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attncheck.data.formula import Formula, evaluate
from attncheck.errors import TargetError
from attncheck.signature.names import counts_axes, dim_alike, dim_guessed, dim_named, is_dropout
from attncheck.signature.resolve import Factory


@dataclass(frozen=True)
class Binding:
    """How constructor arguments follow from dims.

    Attributes:
        symbolic: parameter -> formula over dims (``"C"``), or a pair of dims for ``(H, W)``.
        literal: parameter -> the value that the user gave.
        fixed: dim -> the value that a literal gives it; the audit must not vary it.
    """

    symbolic: dict[str, str] = field(default_factory=dict)
    literal: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, int] = field(default_factory=dict)

    def arguments(self, dims: Mapping[str, int]) -> dict[str, Any]:
        """Return the constructor's keyword arguments for these dims."""
        values: dict[str, Any] = {}
        for name, text in self.symbolic.items():
            if text == "size":
                values[name] = (dims["H"], dims["W"])
            else:
                values[name] = Formula(text).evaluate(dims)
        return {**values, **self.literal}

    @property
    def follows(self) -> frozenset[str]:
        """The dims that the constructor takes from us, so that the audit may vary them."""
        names: set[str] = set()
        for text in self.symbolic.values():
            names |= {"H", "W"} if text == "size" else Formula(text).names
        return frozenset(names)

    def describe(self, dims: Mapping[str, int]) -> str:
        """Return the arguments as a call shows them: ``c1=32, c2=32``."""
        said = ", ".join(f"{name}={value!r}" for name, value in self.arguments(dims).items())
        return re.sub(r" at 0x[0-9a-fA-F]+", "", said)


def bind(
    factory: Factory,
    dims: Mapping[str, int],
    given: Mapping[str, Any],
    names: Mapping[str, list[str]],
    target: str,
) -> Binding:
    """Bind every parameter of ``factory`` that needs a value or names a dim.

    Args:
        factory: the class or function that makes the module.
        dims: the spec's dims at the default case.
        given: arguments from ``--init`` or the spec; a string that is a formula over the dims
            follows them, anything else is a literal.
        names: the spec's own parameter names of dims.
        target: what the user typed, for messages.

    Raises:
        TargetError: a parameter has no value, or an argument has no parameter.
    """
    parameters = parameters_of(factory)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = {n: p for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    binding = Binding()
    for name, value in given.items():
        if name not in named and not takes_any:
            raise TargetError(
                f"the constructor has no parameter '{name}'",
                where=target,
                instead=f"it takes: {', '.join(named) or 'none'}",
            )
        _bind_given(binding, name, value, named.get(name), dims, names)
    free = [name for name in named if name not in given]
    for name in free:
        _bind_named(binding, name, named[name].default, dims, names, stated=bool(given))
    missing = [n for n in free if n not in binding.symbolic and _is_required(named[n])]
    unknown = [name for name in missing if not _bind_required(binding, name, dims)]
    if unknown:
        words = " and ".join(f"'{name}'" for name in unknown)
        raise TargetError(
            f"no value for the constructor's parameter{'s' if unknown[1:] else ''} {words}",
            where=target,
            instead=f"add: {' '.join(f'--init {name}=VALUE' for name in unknown)} "
            f"(a literal, or a dim: {', '.join(dims)})",
        )
    return binding


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty


def _bind_given(
    binding: Binding,
    name: str,
    value: Any,
    parameter: inspect.Parameter | None,
    dims: Mapping[str, int],
    names: Mapping[str, list[str]],
) -> None:
    """Bind an argument that was stated; a literal fixes the dim that its parameter means."""
    if isinstance(value, str) and _is_formula(value, dims):
        binding.symbolic[name] = value
        return
    binding.literal[name] = value
    dim = dim_named(name, dims, names)
    if not dim and parameter is not None and _is_required(parameter):
        dim = dim_alike(name, dims)
    dim = dim or dim_guessed(name, dims, set(binding.fixed))
    for attribute, held in getattr(value, "__dict__", {}).items() if not callable(value) else ():
        # A config says by its fields what a constructor says by its parameters.
        inner, number = dim_named(attribute, dims, names), _number(held)
        if inner and inner != "size" and number is not None:
            binding.fixed.setdefault(inner, number)
    if dim == "size" and isinstance(value, (tuple, list)) and len(value) == 2:
        binding.fixed.update(H=int(value[0]), W=int(value[1]))
    elif dim == "size" and isinstance(value, int):
        binding.fixed.update(H=value, W=value)
    elif dim and (number := _number(value)) is not None:
        binding.fixed.setdefault(dim, number)


def _bind_named(
    binding: Binding,
    name: str,
    default: Any,
    dims: Mapping[str, int],
    names: Mapping[str, list[str]],
    *,
    stated: bool,
) -> None:
    """Bind a parameter that nobody stated to the dim that its name means, if it means one."""
    dim = dim_named(name, dims, names)
    if not dim:
        return
    if stated and dim not in ("C", "C2") and default is not inspect.Parameter.empty:
        # Who states some arguments means the author's defaults for the others.
        if isinstance(default, int) and dim != "size":
            binding.fixed.setdefault(dim, default)
        return
    if isinstance(default, (tuple, list)) and dim != "size":
        # One number for each axis, or for each layer: no number of ours may stand there.
        if (number := _number(default)) is not None:
            binding.fixed.setdefault(dim, number)
        return
    binding.symbolic[name] = f"1/{dim}" if _is_fraction(default) else dim


def _bind_required(binding: Binding, name: str, dims: Mapping[str, int]) -> bool:
    """Bind a parameter that needs a value and names no dim outright; False where none is known."""
    sized = [text for text in binding.symbolic.values() if text != "size"]
    taken = set(binding.fixed).union(*(Formula(text).names for text in sized))
    if is_dropout(name):
        binding.literal[name] = 0.0
    elif counts_axes(name):
        binding.literal[name] = 2 if "H" in dims else 1
    elif dim := dim_alike(name, dims) or dim_guessed(name, dims, taken):
        binding.symbolic[name] = dim
    else:
        return False
    return True


def parameters_of(factory: Factory) -> dict[str, inspect.Parameter]:
    """Return the parameters of a constructor by name; none where it has no signature."""
    try:
        return dict(inspect.signature(factory).parameters)
    except (TypeError, ValueError):
        return {}


def _number(value: Any) -> int | None:
    """Return a literal as one number: an integer, or a pair of equal ones (``window=(7, 7)``)."""
    if isinstance(value, (tuple, list)) and len(value) == 2 and value[0] == value[1]:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_fraction(default: object) -> bool:
    """Say whether a parameter counts in fractions of the width (``ratio=1/16``), not in times."""
    return isinstance(default, float) and 0 < default < 1


def _is_formula(text: str, dims: Mapping[str, int]) -> bool:
    """Say whether a string argument is meant as a formula: every name in it is a dim."""
    try:
        formula = Formula(text)
    except Exception:
        return False
    return bool(formula.names) and formula.names <= set(dims)


def dims_in_order(dims: Mapping[str, Any], overrides: Mapping[str, int | float]) -> dict[str, int]:
    """Return every dim's value: overrides first, then literals and formulas in their order."""
    values: dict[str, Any] = {}
    for name, value in dims.items():
        values[name] = overrides[name] if name in overrides else evaluate(value, values)
    return {**values, **{n: v for n, v in overrides.items() if n not in values}}
