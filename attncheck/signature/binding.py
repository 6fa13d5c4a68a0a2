"""How a constructor's arguments follow from dims, and how each of them is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from attncheck.data.formula import Formula

STATED = "stated"
OBSERVED = "observed"
AUTHORS = "the author's"
ASSUMED = "assumed"
"""Where a fact about a call comes from: whoever asks, a live module, the source, or our guess."""


@dataclass(frozen=True)
class Binding:
    """How constructor arguments follow from dims.

    Attributes:
        symbolic: parameter -> formula over dims (``"C"``), ``"size"`` for the pair of height and
            width, or a tuple of formulas (``"(H, W)"``).
        literal: parameter -> a value.
        fixed: dim -> the value that a literal or a default gives it; the audit must not vary it.
        defaults: parameter -> the author's value, which is left to the author and means a dim.
        parts: parameter -> what makes a config object, and how its fields are bound.
        origins: parameter -> how its value is known; what is not named here is stated.
    """

    symbolic: dict[str, str] = field(default_factory=dict)
    literal: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, int] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, tuple[Callable[..., Any], Binding]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def arguments(self, dims: Mapping[str, int]) -> dict[str, Any]:
        """Return the constructor's keyword arguments for these dims."""
        values = {name: valued(text, dims) for name, text in self.symbolic.items()}
        made = {name: make(**inner.arguments(dims)) for name, (make, inner) in self.parts.items()}
        return {**values, **self.literal, **made}

    @property
    def follows(self) -> frozenset[str]:
        """The dims that the constructor takes from us, so that the audit may vary them."""
        names: set[str] = set()
        for text in self.symbolic.values():
            names |= {name for formula in formulas_in(text) for name in formula.names}
        return frozenset(names).union(*(inner.follows for _, inner in self.parts.values()))

    @property
    def assumed(self) -> tuple[str, ...]:
        """The parameters whose values are our guess; a config's fields as ``config.dim``."""
        own = [name for name, origin in self.origins.items() if origin == ASSUMED]
        return (
            *own,
            *(f"{name}.{one}" for name, (_, b) in self.parts.items() for one in b.assumed),
        )

    def describe(self, dims: Mapping[str, int]) -> str:
        """Return the arguments as a call shows them: ``c1=32 (assumed), reduction=16 (…)``."""
        said = [*self._said(dims)]
        return re.sub(r" at 0x[0-9a-fA-F]+", "", ", ".join(said))

    def _said(self, dims: Mapping[str, int]) -> Iterator[str]:
        plain = {n: valued(text, dims) for n, text in self.symbolic.items()} | self.literal
        for name, value in {**plain, **self.defaults}.items():
            origin = self.origins.get(name, STATED)
            yield f"{name}={shown(value)}" + ("" if origin == STATED else f" ({origin})")
        for name, (make, inner) in self.parts.items():
            yield f"{name}={make.__name__}({', '.join(inner._said(dims))})"

    def stated(self, dims: Mapping[str, int]) -> list[str]:
        """Return the ``--init`` options that state what is assumed, each as it is typed."""
        plain = {n: valued(text, dims) for n, text in self.symbolic.items()} | self.literal
        own = [f"{n}={shown(plain[n])}" for n in self.assumed if n in plain]
        return own + [
            f"{name}.{text}"
            for name, (_, inner) in self.parts.items()
            for text in inner.stated(dims)
        ]


def shown(value: Any) -> str:
    """Return a value as a call shows it and ``--init`` takes it: a layer as ``nn.Dropout(0.0)``."""
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__.startswith("torch.nn"):
        name = f"nn.{kind.__name__}"
        rate = getattr(value, "p", None)
        return name if kind is value else f"{name}({'' if rate is None else rate})"
    return repr(value)


def formulas_in(text: str) -> tuple[Formula, ...]:
    """Return the formulas of a symbolic argument: one, or one for each part of a tuple."""
    if text == "size":
        text = "(H, W)"
    if (inside := _tuple(text)) is not None:
        return tuple(Formula(part) for part in inside)
    return (Formula(text),)


def valued(text: str, dims: Mapping[str, int]) -> Any:
    """Return the value of a symbolic argument for these dims, a tuple where the text is one."""
    values = tuple(formula.evaluate(dims) for formula in formulas_in(text))
    return values if text == "size" or _tuple(text) is not None else values[0]


def _tuple(text: str) -> list[str] | None:
    """Return the parts of ``"(H, W)"``, None of what is no tuple."""
    text = text.strip()
    if not (text.startswith("(") and text.endswith(")")):
        return None
    parts, depth, start = [], 0, 1
    for at, sign in enumerate(text[1:-1], 1):
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            return None  # (C) * (r): the first bracket ends before the last one
        if sign == "," and not depth:
            parts.append(text[start:at])
            start = at + 1
    if not parts:
        return None
    return [part for part in (*parts, text[start:-1]) if part.strip()]


def is_formula(text: str, dims: Mapping[str, int]) -> bool:
    """Say whether a string argument is meant as a formula: every name in it is a dim."""
    try:
        names = {name for formula in formulas_in(text) for name in formula.names}
    except Exception:
        return False
    return bool(names) and text != "size" and names <= set(dims)
