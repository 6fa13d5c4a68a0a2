"""Two sides that take turns, in two threads here, and what becomes of one whose partner is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from attncheck.instruments.timing.partner import Meeting, Partner, PartnerError
from attncheck.instruments.timing.samples import Budget, sampled_in_turns
from tests.instruments.timing.test_samples import MS, Told, calls

Side = Callable[[Partner], object]


def both(folder: Path, one: Side, other: Side) -> list[object]:
    """Return what both sides return, or the PartnerError that they end with."""
    found: list[object] = [None, None]

    def run(place: int, side: Side) -> None:
        partner = Partner(Meeting(str(folder / "meeting"), place == 0, 5.0))
        try:
            found[place] = side(partner)
        except PartnerError as error:
            found[place] = error.what
        finally:
            partner.close()

    threads = [
        threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate((one, other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def test_they_never_measure_at_once_and_alternate(tmp_path: Path) -> None:
    order: list[str] = []

    def side(name: str) -> Side:
        def measure(partner: Partner) -> int:
            for _ in partner.turns(partner.meet("r0:forward", 3)):
                order.append(name)
            return len(order)

        return measure

    both(tmp_path, side("a"), side("b"))
    assert order == ["a", "b"] * 3


def test_both_take_as_many_turns_as_the_slower_one_can(tmp_path: Path) -> None:
    def side(ms: float) -> Side:
        return lambda partner: (
            sampled_in_turns(Told(), calls("own", ms), Budget(0.2), "r0:forward", partner).own
        )

    slow, quick = both(tmp_path, side(20.0), side(1.0))
    assert slow == [20 * MS] * 2 * 5
    assert quick == [MS] * 5 * 5  # a turn is a fortieth of the time


def test_a_step_that_one_side_cannot_do_is_left_out_by_both(tmp_path: Path) -> None:
    def cannot(partner: Partner) -> int:
        assert partner.meet("r0:forward", 0, "too large") == 0
        return partner.meet("r1:forward", 7)

    def can(partner: Partner) -> tuple[str, int]:
        with pytest.raises(PartnerError) as caught:
            partner.meet("r0:forward", 5)
        return caught.value.what, partner.meet("r1:forward", 5)

    assert both(tmp_path, cannot, can) == [5, ("the other side: too large", 5)]


def test_who_is_left_in_the_middle_of_a_turn_is_told_so(tmp_path: Path) -> None:
    def leaves(partner: Partner) -> None:
        for turn, _ in enumerate(partner.turns(partner.meet("r0:forward", 9))):
            if turn == 2:
                return

    def stays(partner: Partner) -> None:
        for _ in partner.turns(partner.meet("r0:forward", 9)):
            pass

    gone = "the other side's process has ended"
    assert both(tmp_path, leaves, stays) == [None, gone]
    (tmp_path / "meeting").unlink()
    assert both(tmp_path, stays, leaves) == [gone, None]


def test_who_comes_alone_waits_no_longer_than_patience_allows(tmp_path: Path) -> None:
    for first in (True, False):
        alone = Partner(Meeting(str(tmp_path / f"{first}"), first, 0.05))
        with pytest.raises(PartnerError, match="did not begin"):
            alone.meet("r0:forward", 5)
        alone.close()


def test_who_stands_in_for_one_that_died_does_not_wait(tmp_path: Path) -> None:
    def met(partner: Partner) -> int:
        return partner.meet("r0:forward", 5)

    assert both(tmp_path, met, met) == [5, 5]
    for first in (True, False):
        late = Partner(Meeting(str(tmp_path / "meeting"), first, 3600.0))
        with pytest.raises(PartnerError, match="did not begin"):
            late.meet("r0:forward", 5)
