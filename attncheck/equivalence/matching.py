"""Assign the subject's units to the reference's slots, so that every parameter is consumed.

The first unit that fits a slot is its likeliest; assignments come in the order of how many slots
do not take theirs. How well a layer's name fits a slot's decides only the order of trying.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from attncheck.data.formula import Formula
from attncheck.equivalence.assignment import Assignment, Part
from attncheck.equivalence.fits import Fits, Slots
from attncheck.equivalence.matrices import Fitted, may_stand_beside
from attncheck.equivalence.sizes import Dims
from attncheck.equivalence.spelling import distance
from attncheck.equivalence.units import Unit
from attncheck.errors import SpecError
from attncheck.subject.sampling import is_kept

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
        return unit.owner not in self.owners and self.names.isdisjoint(unit.names)

    def take(self, unit: Unit, fitted: Fitted) -> _State:
        new, parts = fitted
        return _State(
            {**self.parts, **parts},
            {**self.dims, **new} if new else self.dims,
            self.names | unit.names,
            self.owners | {unit.owner},
        )


@dataclass
class Matcher:
    """Finds the assignments of one module to one reference under given options.

    Attributes:
        fits: the module's units, and which slots they fill.
        known: dims that the inputs fix, and the options.
        used: parameter -> when a call first reads it. Slots and units are then taken in the order
            of their use; else units whose names fit come first, in the order of definition.
        steps: how many times a unit may be held against slots before the search ends.
        domain: conditions over dims; where one is broken the search goes no further.
        purse: steps that are left for several searches together; None for no bound of theirs.
        summed: matrix -> the axis over which a call sums: the reading with other inputs comes late.
    """

    fits: Fits
    known: Mapping[str, Any]
    used: Mapping[str, int] | None
    steps: int
    domain: Sequence[Formula] = ()
    purse: list[int] | None = None
    summed: Mapping[str, int] = field(default_factory=dict)
    _units: list[Unit] = field(init=False)
    _matrices: list[Unit] = field(init=False)
    _by_name: dict[str, list[Unit]] = field(init=False, default_factory=dict)
    _bare: set[str] = field(init=False)
    _constants: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._units = self._in_order(self.fits.units)
        self._matrices = [unit for unit in self._units if unit.kind == "matrix"]
        # Constants that never learn may be the mechanism's, and need not.
        self._constants = {name for name, p in self.fits.tensors.items() if is_kept(p)}
        self._bare = {unit.weight for unit in self._units if unit.weight == unit.owner}

    def assignments(self) -> Iterator[Assignment]:
        """Yield every assignment that consumes all parameters, likeliest first."""
        mechanism = self.fits.mechanism
        slots = [(n, s) for n, s in mechanism.slots.items() if s.exists(self.known)]
        if self.used is not None:
            read = mechanism.function.__code__.co_names  # in the order of first mention
            slots.sort(key=lambda slot: read.index(slot[0]) if slot[0] in read else len(read))
        start = _State({}, dict(self.known))
        if not self._in_domain(start.dims, start.dims):
            return
        for deviations in range(len(slots) + 1):
            for state in self._search(slots, start, deviations):
                for finished in self._with_bare_biases(state):
                    unread = {p.unit.bias for p in finished.parts.values() if not p.biased}
                    # A part beside another has its bias there.
                    unread -= {p.unit.bias for p in finished.parts.values() if p.biased}
                    left = self.fits.tensors.keys() - (finished.consumed - unread)
                    left -= self._constants
                    yield Assignment(finished.parts, finished.dims, tuple(sorted(left)))

    def _search(self, slots: Slots, state: _State, deviations: int) -> Iterator[_State]:
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

    def _candidates(self, slots: Slots, state: _State) -> Iterator[tuple[_State, Slots]]:
        """Yield what may be read next, with the slots that are left, likeliest first."""
        for length, unit in self._pairs(slots, state.dims):
            if not state.is_free(unit):
                continue
            self.steps -= 1
            if self.purse is not None:
                self.purse[0] -= 1
            if self._is_over():
                break
            for fitted in self.fits.of(slots[:length], unit, state.dims):
                taken = state.take(unit, fitted)
                if self._in_domain(taken.dims, fitted[0]):
                    yield taken, slots[length:]
        if may_stand_beside(slots[:2]):
            for unit in self._matrices:
                if not state.is_free(unit):
                    continue
                for fitted in self.fits.side_by_side(slots[:2], unit, state.dims):
                    taken = state.take(unit, fitted)
                    if self._in_domain(taken.dims, fitted[0]):
                        yield taken, slots[2:]
        if self.fits.relaxed:
            yield state, slots[1:]

    def _in_domain(self, dims: Dims, new: Mapping[str, Any]) -> bool:
        """Say whether dims break no condition that names one of the new among them."""
        told = (
            condition
            for condition in self.domain
            if not condition.names.isdisjoint(new) and condition.names <= dims.keys()
        )
        try:
            return all(bool(condition.evaluate(dims)) for condition in told)
        except SpecError:
            return False  # no sizes that anything has, such as none to divide by

    def _pairs(self, slots: Slots, dims: Dims) -> Iterator[tuple[int, Unit]]:
        """Yield how many slots which unit may fill, likeliest first."""
        lengths = self.fits.lengths(slots, dims)
        if self.used is not None:  # what is read next, as one slot or as several fused
            yield from ((length, unit) for unit in self._units for length in lengths)
            return
        for length in lengths:
            units = self._likeliest(slots[0][0]) if length == 1 else self._units
            yield from ((length, unit) for unit in units)

    def _likeliest(self, slot: str) -> list[Unit]:
        """Return the units in their order, those with a fitting name first."""
        if slot not in self._by_name:
            ordered = sorted(self._units, key=lambda unit: distance(slot, unit.owner))
            self._by_name[slot] = ordered
        return self._by_name[slot]

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

    def _is_over(self) -> bool:
        return self.steps < 0 or (self.purse is not None and self.purse[0] < 0)

    def _with_bare_biases(self, state: _State) -> Iterator[_State]:
        """Yield the ways to give left-over bare vectors to slots without a bias, if all have one.

        In their order, those first whose names fit: queries and values may have biases, and keys
        none.
        """
        left = [n for n in self.fits.tensors if n not in state.names | self._constants]
        if self.fits.relaxed:  # what a layer has for itself is nobody else's bias
            left = [name for name in left if name in self._bare]
        elif any(self.fits.tensors[name].squeeze().ndim > 1 for name in left):
            return
        open_ = [
            name
            for name, slot in self.fits.mechanism.slots.items()
            if (part := state.parts.get(name)) is not None
            and slot.kind in ("linear", "conv")
            and slot.bias is not False
            and not part.unit.bias
            and not part.bias
            and part.biased
        ]
        sizes = [Formula(self.fits.mechanism.slots[n].sizes[1]).evaluate(state.dims) for n in open_]
        if self.fits.relaxed:  # as many as there is room for
            numels = [self.fits.tensors[name].numel() for name in left]
            left = [name for name, n in zip(left, numels, strict=True) if n in sizes][: len(open_)]
        for slots in sorted(
            itertools.islice(itertools.combinations(range(len(open_)), len(left)), _MOST_PLACES),
            key=lambda slots: sum(
                distance(open_[at], n) for at, n in zip(slots, left, strict=True)
            ),
        ):
            given = list(zip(slots, left, strict=True))
            if all(sizes[at] == self.fits.tensors[name].numel() for at, name in given):
                biased = {open_[at]: replace(state.parts[open_[at]], bias=n) for at, n in given}
                yield replace(state, parts={**state.parts, **biased})
