"""Assign the subject's units to the reference's slots, so that every parameter is consumed.

The first unit that fits a slot is its likeliest; assignments come in the order of how many slots
do not take theirs. How well a layer's name fits a slot's decides only the order of trying.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attncheck.data.formula import Formula
from attncheck.equivalence.assignment import Assignment, Part
from attncheck.equivalence.matrices import (
    MOST_VECTORS,
    may_stand_beside,
    one_below_another,
    side_by_side,
    vectors_of,
)
from attncheck.equivalence.sizes import Dims, Sizes, is_kind
from attncheck.equivalence.units import Unit, units_of
from attncheck.errors import SpecError
from attncheck.lazy import torch
from attncheck.subject.sampling import is_kept

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism
    from attncheck.reference.slots import Slot


_WORDS = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")
_MOST_PLACES = 20
"""Ways to give bare biases to slots that are looked at."""


@dataclass(frozen=True)
class _State:
    parts: dict[str, Part]
    dims: Dims
    names: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()

    @property
    def consumed(self) -> frozenset[str]:
        return self.names | {part.bias for part in self.parts.values() if part.bias}

    def is_free(self, unit: Unit) -> bool:
        return unit.owner not in self.owners and not unit.names & self.names

    def take(self, unit: Unit, dims: Dims, parts: dict[str, Part]) -> _State:
        return replace(
            self,
            parts={**self.parts, **parts},
            dims=dims,
            names=self.names | unit.names,
            owners=self.owners | {unit.owner},
        )


@dataclass
class Matcher:
    """Finds the assignments of one module to one reference under given options.

    Attributes:
        mechanism: the reference.
        module: the subject's module.
        known: dims that the inputs fix, and the options.
        relaxed: let parameters be left over and slots stay empty. Never for proving: an
            equality that needs it is a diagnosis.
        used: parameter -> when a call first reads it. Slots and units are then taken in the order
            of their use; else units whose names fit come first, in the order of definition.
        steps: how many times a unit may be held against slots before the search ends.
        domain: conditions over dims; where one is broken the search goes no further.
        beside: parameters that are no part of what is matched.
        purse: steps that are left for several searches together; None for no bound of theirs.
        told: widths by the constructor's account, for those that a fused matrix hides.
        summed: matrix -> the axis over which a call sums: the reading with other inputs comes late.
    """

    mechanism: Mechanism
    module: torch.nn.Module
    known: Mapping[str, Any]
    relaxed: bool
    used: Mapping[str, int] | None
    steps: int
    domain: Sequence[Formula] = ()
    beside: frozenset[str] = frozenset()
    purse: list[int] | None = None
    told: Mapping[str, int] = field(default_factory=dict)
    summed: Mapping[str, int] = field(default_factory=dict)
    _units: list[Unit] = field(init=False)
    _tensors: dict[str, torch.Tensor] = field(init=False)
    _sizes: Sizes = field(init=False)
    _bare: set[str] = field(init=False)
    _constants: set[str] = field(init=False)
    _shapes: dict[Unit, tuple[int, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        norms = [dict(s.settings) for s in self.mechanism.slots.values() if s.kind == "norm"]
        units = [
            unit
            for unit in units_of(self.module)
            if not unit.names & self.beside
            and (not unit.norm or any(is_kind(unit.norm, settings) for settings in norms))
        ]
        self._units = self._in_order(units)
        parameters = self.module.named_parameters(remove_duplicate=False)
        self._tensors = {name: p for name, p in parameters if name not in self.beside}
        # Constants that never learn may be the mechanism's, and need not.
        self._constants = {name for name, p in self._tensors.items() if is_kept(p)}
        self._bare = {unit.weight for unit in self._units if unit.weight == unit.owner}
        self._sizes = Sizes(self.module, self._tensors, dict(self.module.named_buffers()))

    def assignments(self) -> Iterator[Assignment]:
        """Yield every assignment that consumes all parameters, likeliest first."""
        slots = [(n, s) for n, s in self.mechanism.slots.items() if s.exists(self.known)]
        if self.used is not None:
            read = self.mechanism.function.__code__.co_names  # in the order of first mention
            slots.sort(key=lambda slot: read.index(slot[0]) if slot[0] in read else len(read))
        start = _State({}, dict(self.known))
        for deviations in range(len(slots) + 1):
            for state in self._search(slots, start, deviations):
                for finished in self._with_bare_biases(state):
                    unread = {p.unit.bias for p in finished.parts.values() if not p.biased}
                    # A part beside another has its bias there.
                    unread -= {p.unit.bias for p in finished.parts.values() if p.biased}
                    left = self._tensors.keys() - (finished.consumed - unread) - self._constants
                    yield Assignment(finished.parts, finished.dims, tuple(sorted(left)))

    def _search(
        self, slots: list[tuple[str, Slot]], state: _State, deviations: int
    ) -> Iterator[_State]:
        """Yield the states with so many slots that do not take the first unit that fits them."""
        if not slots:
            if not deviations:
                yield state
            return
        if self._is_over():
            return
        for at, (fitted, left) in enumerate(self._candidates(slots, state)):
            spent = min(at, 1)
            if spent > deviations:
                return
            yield from self._search(left, fitted, deviations - spent)

    def _candidates(
        self, slots: list[tuple[str, Slot]], state: _State
    ) -> Iterator[tuple[_State, list[tuple[str, Slot]]]]:
        """Yield what may be read next, with the slots that are left, likeliest first."""
        for length, unit in self._pairs(slots, state.dims):
            if not state.is_free(unit):
                continue
            for fitted in self._fits(slots[:length], unit, state):
                if self._in_domain(fitted.dims):
                    yield fitted, slots[length:]
        for fitted in self._side_by_side(slots[:2], state):
            yield fitted, slots[2:]
        if self.relaxed:
            yield state, slots[1:]

    def _in_domain(self, dims: Dims) -> bool:
        told = (condition for condition in self.domain if condition.names <= dims.keys())
        try:
            return all(bool(condition.evaluate(dims)) for condition in told)
        except SpecError:
            return False  # no sizes that anything has, such as none to divide by

    def _pairs(self, slots: list[tuple[str, Slot]], dims: Dims) -> Iterator[tuple[int, Unit]]:
        """Yield how many slots which unit may fill, likeliest first."""
        lengths = self._lengths(slots, dims)
        if self.used is not None:  # what is read next, as one slot or as several fused
            yield from ((length, unit) for unit in self._units for length in lengths)
            return
        for length in lengths:
            units = self._likeliest(slots[0][0]) if length == 1 else self._units
            yield from ((length, unit) for unit in units)

    def _likeliest(self, slot: str) -> list[Unit]:
        """Return the units in their order, those with a fitting name first."""
        return sorted(self._units, key=lambda unit: distance(slot, unit.owner))

    def _in_order(self, units: list[Unit]) -> list[Unit]:
        if self.used is None:
            return sorted(units, key=self._is_turned)
        used, never = self.used, len(self.used)

        def place(unit: Unit) -> tuple[int, bool, bool]:
            # The layers of a chain look like heads kept in a list: each by itself first.
            first = min(used.get(n, never) for n in unit.names or {""})
            return first, bool(unit.stacked), self._is_turned(unit)

        return sorted(units, key=place)

    def _is_turned(self, unit: Unit) -> bool:
        """Say whether a matrix is read with the outputs of the call's product as its inputs."""
        axis = self.summed.get(unit.weight) if unit.kind == "matrix" else None
        return axis is not None and unit.inputs is not None and axis != unit.inputs

    def _lengths(self, slots: list[tuple[str, Slot]], dims: Dims) -> list[int]:
        """Return how many slots one unit may fill: one, or a run of matrices on one input.

        Or a run of vectors of one size, the rows of a table.
        """
        first, run = slots[0][1], 1
        if first.kind == "tensor" and len(first.sizes) == 1:
            vectors = itertools.takewhile(lambda s: s[1].sizes == first.sizes, slots)
            run = sum(1 for _ in itertools.islice(vectors, MOST_VECTORS))
            return [1] if run == 1 else [1, run]
        if first.kind == "linear":
            while run < min(len(slots), 3) and self._same_input(first, slots[run][1], dims):
                run += 1
        lengths = [1, *range(run, 1, -1)]
        named = [name for name, _ in slots]
        joint = {n for n in lengths for u in self._units if spelled(named[:n], u.owner)}
        return sorted(lengths, key=lambda n: n == 1 or n not in joint)

    def _same_input(self, first: Slot, other: Slot, dims: Dims) -> bool:
        """Say whether two matrices act on inputs of one size, whatever is not known yet."""
        if other.kind != "linear":
            return False
        sizes = [Formula(slot.sizes[0]) for slot in (first, other)]
        names = sorted(sizes[0].names | sizes[1].names)
        for prime in (1009, 2003):
            values = {**{n: prime + 2 * i for i, n in enumerate(names)}, **self.known, **dims}
            if sizes[0].evaluate(values) != sizes[1].evaluate(values):
                return False
        return True

    def _fits(self, group: list[tuple[str, Slot]], unit: Unit, state: _State) -> Iterator[_State]:
        """Yield the states in which the unit fills these slots."""
        self.steps -= 1
        if self.purse is not None:
            self.purse[0] -= 1
        name, slot = group[0]
        besides = any(s.bias is False and unit.bias for _, s in group)
        if self._is_over() or (besides and not self.relaxed):
            return
        if slot.kind == "linear":
            if unit.kind == "matrix":
                shape = self._shape(unit)
                for dims, parts in one_below_another(group, unit, shape, state.dims, self.told):
                    if besides:
                        parts = {n: replace(part, biased=False) for n, part in parts.items()}
                    yield state.take(unit, dims, parts)
        elif len(group) > 1:
            if unit.kind == "matrix" and not unit.bias and not unit.reading:
                for dims, parts in vectors_of(group, unit, self._shape(unit), state.dims):
                    yield state.take(unit, dims, parts)
        elif (fitted := self._sizes.fit(slot, unit, state.dims)) is not None:
            yield state.take(unit, fitted, {name: Part(unit, biased=not besides)})

    def _is_over(self) -> bool:
        return self.steps < 0 or (self.purse is not None and self.purse[0] < 0)

    def _shape(self, unit: Unit) -> tuple[int, int]:
        """Return the rows and columns of a matrix, as it is read."""
        if unit not in self._shapes:
            rows, columns = unit.read(self._tensors.__getitem__).shape
            self._shapes[unit] = (rows, columns)
        return self._shapes[unit]

    def _side_by_side(self, pair: list[tuple[str, Slot]], state: _State) -> Iterator[_State]:
        """Yield the states in which one matrix acts on two slots' inputs."""
        if not may_stand_beside(pair):
            return
        for unit in self._units:
            if unit.kind == "matrix" and state.is_free(unit):
                for dims, parts in side_by_side(pair, unit, self._shape(unit), state.dims):
                    yield state.take(unit, dims, parts)

    def _with_bare_biases(self, state: _State) -> Iterator[_State]:
        """Yield the ways to give left-over bare vectors to slots without a bias, if all have one.

        In their order, those first whose names fit: queries and values may have biases, and keys
        none.
        """
        left = [n for n in self._tensors if n not in state.names | self._constants]
        if self.relaxed:  # what a layer has for itself is nobody else's bias
            left = [name for name in left if name in self._bare]
        elif any(self._tensors[name].squeeze().ndim > 1 for name in left):
            return
        open_ = [
            name
            for name, slot in self.mechanism.slots.items()
            if (part := state.parts.get(name)) is not None
            and slot.kind in ("linear", "conv")
            and slot.bias is not False
            and not part.unit.bias
            and not part.bias
            and part.biased
        ]
        sizes = [Formula(self.mechanism.slots[n].sizes[1]).evaluate(state.dims) for n in open_]
        if self.relaxed:  # as many as there is room for
            numels = [self._tensors[name].numel() for name in left]
            left = [name for name, n in zip(left, numels, strict=True) if n in sizes][: len(open_)]
        for slots in sorted(
            itertools.islice(itertools.combinations(range(len(open_)), len(left)), _MOST_PLACES),
            key=lambda slots: sum(
                distance(open_[at], n) for at, n in zip(slots, left, strict=True)
            ),
        ):
            given = list(zip(slots, left, strict=True))
            if all(sizes[at] == self._tensors[name].numel() for at, name in given):
                biased = {open_[at]: replace(state.parts[open_[at]], bias=n) for at, n in given}
                yield replace(state, parts={**state.parts, **biased})


@lru_cache(maxsize=4096)
def distance(slot: str, owner: str) -> int:
    """Return 0 where a word of the name is the slot's, 1 where it abbreviates it, else 2.

    ``to_q``, ``wq`` and ``query_conv`` fit the slot ``query``.
    """
    words = [word.lower() for word in _WORDS.split(owner.rpartition(".")[2]) if word]
    words += [word[1:] for word in words if word[:1] == "w" and len(word) == 2]
    if slot in words:
        return 0
    return 1 if any(slot.startswith(word) or word.startswith(slot) for word in words) else 2


def spelled(slots: Sequence[str], owner: str) -> bool:
    """Say whether a word of the name spells these slots by their first letters, as ``to_qkv``."""
    letters = "".join(slot[0] for slot in slots)
    words = _WORDS.split(owner.rpartition(".")[2].lower())
    return any(word in (letters, f"w{letters}") for word in words)
