"""Which units fill which slots is looked up once, whatever else a search knows."""

from __future__ import annotations

import pytest
from torch import nn

from attncheck.equivalence import fits as fitting
from attncheck.equivalence.fits import Fits
from attncheck.reference.se import se


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(12, 4), nn.Linear(4, 12)


def test_a_layer_is_held_against_a_slot_once_for_the_sizes_that_the_slot_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[str] = []
    plain = fitting.one_below_another

    def counted(group, unit, *more):  # type: ignore[no-untyped-def]
        held.append(unit.owner)
        return plain(group, unit, *more)

    monkeypatch.setattr(fitting, "one_below_another", counted)
    module = Gate()
    fits = Fits(se, module)
    slots = [(name, slot) for name, slot in se.slots.items() if slot.kind == "linear"]
    down = next(unit for unit in fits.units if unit.owner == "down")
    first = fits.of(slots[:1], down, {"C": 12})
    again = fits.of(slots[:1], down, {"C": 12, "W": 7, "gate": "hard"})
    assert first == again
    assert first[0][0] == {"h": 4}  # what it adds, and nothing of what was known
    assert held == ["down"]
    assert fits.of(slots[:1], down, {"C": 11}) == []
    assert len(held) == 2
