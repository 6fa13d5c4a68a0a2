"""Both sides of a pair share a core, and the next pair has another."""

from __future__ import annotations

import os

import pytest

from attncheck.instruments.timing.partner import core_of, pin

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="this system lets nobody choose a core"
)


def test_pairs_go_round_the_cores_that_there_are() -> None:
    there = os.sched_getaffinity(0)
    assert [core_of(turn, 1) for turn in range(2 * len(there))] == sorted(there) * 2


def test_threads_that_need_several_cores_are_not_held_on_one() -> None:
    assert core_of(0, 2) is None


def test_a_process_is_held_on_a_core_and_one_that_is_not_there_changes_nothing() -> None:
    there = os.sched_getaffinity(0)
    try:
        pin(max(there))
        assert os.sched_getaffinity(0) == {max(there)}
        pin(100_000)
        assert os.sched_getaffinity(0) == {max(there)}
    finally:
        os.sched_setaffinity(0, there)
