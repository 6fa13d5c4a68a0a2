"""Which definitions a module's layers rule out, without a search: by their kinds and number."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from attncheck.equivalence.units import units_of
from attncheck.lazy import torch
from attncheck.subject.sampling import is_kept

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_FILLED_BY = {
    "linear": frozenset({"matrix"}),
    "conv": frozenset({"conv"}),
    "norm": frozenset({"norm"}),
    "tensor": frozenset({"tensor", "matrix"}),  # the rows of a matrix may be several vectors
}
_FUSED = 3
"""Matrices of a definition that one layer may hold."""


class Layers:
    """A module's learned layers, and in which ways each can be read.

    Args:
        module: the module.
        beside: parameters that make other outputs than the main one.
    """

    def __init__(self, module: torch.nn.Module, beside: Collection[str] = ()) -> None:
        tensors = dict(module.named_parameters(remove_duplicate=False))
        self._readings: dict[str, set[str]] = {}
        self._stacked = False
        vectors = {name for name, t in tensors.items() if t.squeeze().ndim <= 1}
        self._shifts: set[str] = set()
        for unit in units_of(module):
            self._shifts |= {unit.bias} if unit.norm else set()
            names = [name for name in unit.names if name in tensors and name not in beside]
            if unit.stacked:
                self._stacked = True
            elif names and not all(is_kept(tensors[name]) for name in names):
                self._readings.setdefault(unit.owner, set()).add(unit.kind)
        self._vectors = vectors & self._readings.keys()

    def gap(self, mechanism: Mechanism) -> int:
        """Return by how many the layers differ from those that a definition usually has."""
        usual = mechanism.defaults
        slots = [s for s in mechanism.slots.values() if s.kind != "buffer" and s.exists(usual)]
        return abs(len(self._readings) - len(slots))

    def rule_out(self, mechanism: Mechanism) -> str:
        """Return why no assignment can give every layer a slot, and every slot a layer; "" if one
        may.

        Args:
            mechanism: the definition.
        """
        slots = [slot for slot in mechanism.slots.values() if slot.kind != "buffer"]
        have = frozenset[str]().union(*(_FILLED_BY[slot.kind] for slot in slots))
        biased = any(slot.bias is not False and slot.kind in ("linear", "conv") for slot in slots)
        loose = self._vectors if biased else set[str]()  # each may be the bias of another layer
        if any(slot.kind == "norm" for slot in slots):
            loose = loose | (self._vectors & self._shifts)
        firm = {owner: kinds for owner, kinds in self._readings.items() if owner not in loose}
        if strange := next((owner for owner, kinds in firm.items() if not kinds & have), ""):
            return f"{strange} is of a kind that the definition has not"
        if not self._stacked and len(firm) > len(slots):
            return "more layers than the definition has"
        for kind, filled in _FILLED_BY.items():
            needed = sum(slot.kind == kind and not slot.when for slot in slots)
            there = sum(bool(kinds & filled) for kinds in self._readings.values())
            if kind in ("linear", "tensor"):
                needed = -(-needed // _FUSED)
            if needed > there and not (self._stacked and kind == "linear"):
                return f"fewer {kind} layers than the definition needs"
        return ""
