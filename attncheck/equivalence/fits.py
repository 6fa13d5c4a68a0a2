"""Which of a module's units fill which slots: looked up once, for all searches of the module.

A search tries the same layer for the same slot under the same sizes thousands of times, by other
ways and under other options. What a fit adds depends only on the sizes that its slots name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from attncheck.data.formula import Formula
from attncheck.equivalence.assignment import Part
from attncheck.equivalence.matrices import (
    MOST_VECTORS,
    Fitted,
    one_below_another,
    side_by_side,
    vectors_of,
)
from attncheck.equivalence.sizes import Dims, Sizes, is_kind
from attncheck.equivalence.spelling import spelled
from attncheck.equivalence.units import Unit, units_of
from attncheck.lazy import torch

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism
    from attncheck.reference.slots import Slot

T = TypeVar("T")
Slots = Sequence[tuple[str, "Slot"]]
_OPEN = object()
_HEADS = ("heads", "kv_heads")
_LONGEST_RUN = 3
"""Matrices on one input that one layer may hold."""


@dataclass
class Fits:
    """A module's units, and what they fill of one definition.

    Attributes:
        mechanism: the definition.
        module: the subject's module.
        relaxed: let parameters be left over and slots stay empty. Never for proving: an
            equality that needs it is a diagnosis.
        beside: parameters that are no part of what is matched.
        told: widths by the constructor's account, for those that a fused matrix hides.
        units: every reading of what is matched, in the order of definition.
        tensors: its parameters, under every name.
    """

    mechanism: Mechanism
    module: torch.nn.Module
    relaxed: bool = False
    beside: frozenset[str] = frozenset()
    told: Mapping[str, int] = field(default_factory=dict)
    units: list[Unit] = field(init=False)
    tensors: dict[str, torch.Tensor] = field(init=False)
    _sizes: Sizes = field(init=False)
    _shapes: dict[int, tuple[int, int]] = field(init=False, default_factory=dict)
    _named: dict[str, tuple[str, ...]] = field(init=False)
    _found: dict[Any, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        slots = self.mechanism.slots
        norms = [dict(s.settings) for s in slots.values() if s.kind == "norm"]
        self.units = [
            unit
            for unit in units_of(self.module)
            if not unit.names & self.beside
            and (not unit.norm or any(is_kind(unit.norm, settings) for settings in norms))
        ]
        parameters = self.module.named_parameters(remove_duplicate=False)
        self.tensors = {name: p for name, p in parameters if name not in self.beside}
        self._sizes = Sizes(self.module, self.tensors, dict(self.module.named_buffers()))
        self._named = {name: _names_of(slot) for name, slot in slots.items()}

    def of(self, group: Slots, unit: Unit, dims: Dims) -> list[Fitted]:
        """Return in which ways a unit fills these slots, each with the dims that it adds."""
        return self._known("one", group, unit, dims, lambda: self._one(group, unit, dims))

    def side_by_side(self, pair: Slots, unit: Unit, dims: Dims) -> list[Fitted]:
        """Return in which ways a matrix acts on the inputs of two slots, each with its dims."""

        def find() -> list[Fitted]:
            return _new(dims, side_by_side(pair, unit, self._shape(unit), dims))

        return self._known("beside", pair, unit, dims, find)

    def lengths(self, slots: Slots, dims: Dims) -> list[int]:
        """Return how many slots one unit may fill: one, or a run of matrices on one input.

        Or a run of vectors of one size, the rows of a table.
        """
        ahead = slots[: MOST_VECTORS + 1]
        return self._known("run", ahead, None, dims, lambda: self._lengths(slots, dims))

    def _known(
        self, what: str, slots: Slots, unit: Unit | None, dims: Dims, find: Callable[[], T]
    ) -> T:
        """Return what was found before with these slots, this unit and the sizes that they name."""
        names = tuple([name for name, _ in slots])
        sizes = [dims.get(size, _OPEN) for name in names for size in self._named[name]]
        key = (what, names, id(unit), *sizes)
        if key not in self._found:
            self._found[key] = find()
        found: T = self._found[key]
        return found

    def _one(self, group: Slots, unit: Unit, dims: Dims) -> list[Fitted]:
        name, slot = group[0]
        besides = any(s.bias is False and unit.bias for _, s in group)
        if besides and not self.relaxed:
            return []
        if slot.kind == "linear":
            if unit.kind != "matrix":
                return []
            fits = _new(dims, one_below_another(group, unit, self._shape(unit), dims, self.told))
            if besides:
                return [
                    (new, {n: replace(part, biased=False) for n, part in parts.items()})
                    for new, parts in fits
                ]
            return fits
        if len(group) > 1:
            if unit.kind != "matrix" or unit.bias or unit.reading:
                return []
            return _new(dims, vectors_of(group, unit, self._shape(unit), dims))
        fitted = self._sizes.fit(slot, unit, dims)
        part = {name: Part(unit, biased=not besides)}
        return [] if fitted is None else _new(dims, [(fitted, part)])

    def _shape(self, unit: Unit) -> tuple[int, int]:
        """Return the rows and columns of a matrix, as it is read."""
        if id(unit) not in self._shapes:
            rows, columns = unit.read(self.tensors.__getitem__).shape
            self._shapes[id(unit)] = (rows, columns)
        return self._shapes[id(unit)]

    def _lengths(self, slots: Slots, dims: Dims) -> list[int]:
        first, run = slots[0][1], 1
        if first.kind == "tensor" and len(first.sizes) == 1:
            vectors = itertools.takewhile(lambda s: s[1].sizes == first.sizes, slots)
            run = sum(1 for _ in itertools.islice(vectors, MOST_VECTORS))
            return [1] if run == 1 else [1, run]
        if first.kind == "linear":
            while run < min(len(slots), _LONGEST_RUN) and same_input(first, slots[run][1], dims):
                run += 1
        lengths = [1, *range(run, 1, -1)]
        named = [name for name, _ in slots]
        joint = {n for n in lengths for u in self.units if spelled(named[:n], u.owner)}
        return sorted(lengths, key=lambda n: n == 1 or n not in joint)


def same_input(first: Slot, other: Slot, dims: Mapping[str, Any]) -> bool:
    """Say whether two matrices act on inputs of one size, whatever is not known yet."""
    if other.kind != "linear":
        return False
    sizes = [Formula(slot.sizes[0]) for slot in (first, other)]
    names = sorted(sizes[0].names | sizes[1].names)
    for prime in (1009, 2003):
        values = {**{n: prime + 2 * i for i, n in enumerate(names)}, **dims}
        if sizes[0].evaluate(values) != sizes[1].evaluate(values):
            return False
    return True


def _new(dims: Dims, fits: Iterable[Fitted]) -> list[Fitted]:
    """Return fits with the dims alone that they add."""
    return [({n: v for n, v in found.items() if n not in dims}, parts) for found, parts in fits]


def _names_of(slot: Slot) -> tuple[str, ...]:
    """Return the dims that say whether a layer fits a slot, and how its rows may lie."""
    texts = [*slot.sizes, *(value for _, value in slot.settings if isinstance(value, str))]
    return tuple(sorted(set(_HEADS).union(*(Formula(text).names for text in texts))))
