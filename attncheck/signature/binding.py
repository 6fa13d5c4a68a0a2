"""How a constructor's arguments follow from dims, and how each of them is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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
        widths: dim -> the author's own width, where a smaller one is audited in its place.
        parts: parameter -> what makes a config object, and how its fields are bound.
        origins: parameter -> how its value is known; what is not named here is stated.
    """

    symbolic: dict[str, str] = field(default_factory=dict)
    literal: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, int] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
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

    def assumed(self, told: frozenset[str] = frozenset()) -> list[str]:
        """Return the parameters whose values are our guess; a config's fields as ``config.dim``.

        Args:
            told: dims that are stated: what follows them alone is no guess.
        """
        own = [name for name, origin in self.origins.items() if origin == ASSUMED]
        own = [name for name in own if not self._told(name, told)]
        parts = self.parts.items()
        return own + [f"{name}.{one}" for name, (_, b) in parts for one in b.assumed(told)]

    def _told(self, name: str, told: frozenset[str]) -> bool:
        if not told or name not in self.symbolic:
            return False
        return {n for f in formulas_in(self.symbolic[name]) for n in f.names} <= told

    def describe(self, dims: Mapping[str, int], told: frozenset[str] = frozenset()) -> str:
        """Return the arguments as a call shows them: ``c1=32 (assumed), reduction=16 (…)``."""
        said = [*self._said(dims, told)]
        return re.sub(r" at 0x[0-9a-fA-F]+", "", ", ".join(said))

    def _said(self, dims: Mapping[str, int], told: frozenset[str]) -> Iterator[str]:
        guessed = set(self.assumed(told))
        for name, value in {**self._plain(dims), **self.defaults}.items():
            origin = self.origins.get(name, STATED)
            if origin == STATED or (origin == ASSUMED and name not in guessed):
                yield f"{name}={shown(value)}"
            else:
                own = self.widths.get(self.symbolic.get(name, ""))
                beside = f", the author's is {own}" if own else ""
                yield f"{name}={shown(value)} ({origin}{beside})"
        for name, (make, inner) in self.parts.items():
            yield f"{name}={make.__name__}({', '.join(inner._said(dims, told))})"

    def _plain(self, dims: Mapping[str, int]) -> dict[str, Any]:
        return {n: valued(text, dims) for n, text in self.symbolic.items()} | self.literal

    def to_state(self, dims: Mapping[str, int], told: frozenset[str] = frozenset()) -> list[str]:
        """Return what is assumed as ``--init`` takes it: ``dim=48``, ``config.n_embd=48``."""
        plain, guessed = self._plain(dims), self.assumed(told)
        own = [f"{n}={shown(plain[n])}" for n in guessed if n in plain]
        inner = [(name, b.to_state(dims, told)) for name, (_, b) in self.parts.items()]
        return own + [f"{name}.{text}" for name, texts in inner for text in texts]


def frozen(binding: Binding, names: set[str], dims: Mapping[str, int]) -> Binding:
    """Return a binding in which what follows these dims keeps its value for ``dims``."""
    held = {
        parameter: valued(text, dims)
        for parameter, text in binding.symbolic.items()
        if names & {name for formula in formulas_in(text) for name in formula.names}
    }
    parts = {n: (make, frozen(inner, names, dims)) for n, (make, inner) in binding.parts.items()}
    left = {n: text for n, text in binding.symbolic.items() if n not in held}
    return replace(
        binding,
        symbolic=left,
        literal={**binding.literal, **held},
        widths={n: size for n, size in binding.widths.items() if n not in names},
        parts=parts,
    )


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
