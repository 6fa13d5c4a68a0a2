"""One way to fill in a spec's formula: dims, options, and what was searched for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Number = int | float


@dataclass(frozen=True)
class Choice:
    """One way to fill in a formula.

    Attributes:
        values: every name's value.
        found: the names that were searched for, with the value found.
        own: of those, the ones that the spec derives and the module chose for itself.
        options: option -> value.
    """

    values: Mapping[str, Number]
    found: Mapping[str, int] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def describe(self, named: frozenset[str] = frozenset()) -> str:
        """Return ``bias = true, r = 8``; options that the formula does not name are left out."""
        shown = [
            f"{name} = {str(value).lower() if isinstance(value, bool) else value}"
            for name, value in self.options.items()
            if not named or {name, flag(name, value)} & named
        ]
        return ", ".join(shown + [f"{name} = {value}" for name, value in self.found.items()])


def flag(option: str, value: object) -> str:
    """Return a formula's name of a textual option's value: 1 when it is chosen, else 0."""
    return f"{option}_{value}".replace("-", "_") if isinstance(value, str) else option


def numbers(options: Mapping[str, list[Any]], chosen: Mapping[str, Any]) -> dict[str, Number]:
    """Return the options' values as formulas see them."""
    found: dict[str, Number] = {}
    for name, value in chosen.items():
        if isinstance(value, str):
            for other in options[name]:
                found[flag(name, other)] = int(other == value)
        else:
            found[name] = int(value) if isinstance(value, bool) else value
    return found


def chosen_so(text: str, values: Mapping[str, Any]) -> bool:
    """Say whether options are as a text says: ``name``, ``name == value`` or ``name != value``."""
    for sign, equal in ((" == ", True), (" != ", False)):
        option, found, value = text.partition(sign)
        if found:
            return option in values and (str(values[option]) == value) is equal
    return bool(values.get(text))


def small(stated: int, dims: Mapping[str, int], together: int) -> list[int]:
    """Return sizes to try: the stated one, then small ones, then powers of two."""
    most = max(64, 2 * max(dims.values(), default=1)) if together == 1 else 32
    return list(dict.fromkeys([stated, *range(1, most + 1), *(2**n for n in range(5, 11))]))


def same(value: Number, seen: int) -> bool:
    """Say whether a formula's value is this whole number; divisions in it may round."""
    return math.isfinite(value) and abs(value - seen) < 0.5 and abs(value - round(value)) < 1e-6
