"""A reach violation's evidence becomes two grids; evidence of another form becomes none."""

from __future__ import annotations

from attncheck.formats.shared.reach import Cell, reach_map
from attncheck.formats.terminal.maps import draw_map


def test_what_is_claimed_and_what_is_seen_are_told_apart() -> None:
    found = reach_map(
        {"output": [0, 0], "size": [1, 3], "claimed": [[1, 1, 0]], "seen": [[1, 0, 1]]}
    )
    assert found is not None
    assert found.claimed == [[Cell.OUTPUT, Cell.BOTH, Cell.NEITHER]]
    assert found.seen == [[Cell.OUTPUT, Cell.MISSING, Cell.EXTRA]]


def test_an_output_that_does_not_see_itself_is_missing_there() -> None:
    found = reach_map({"output": [0, 0], "size": [1, 1], "claimed": [[1]], "seen": [[0]]})
    assert found is not None
    assert found.seen == [[Cell.MISSING]]


def test_tokens_make_one_row() -> None:
    found = reach_map({"output": [1], "size": [3], "claimed": [[1, 1, 0]], "seen": [[1, 0, 0]]})
    assert found is not None
    assert found.claimed == [[Cell.BOTH, Cell.OUTPUT, Cell.NEITHER]]


def test_other_evidence_draws_nothing() -> None:
    assert reach_map({}) is None
    assert reach_map({"size": [2, 2], "output": [0, 0], "claimed": "all", "seen": None}) is None


def test_a_map_too_wide_for_two_is_drawn_below_each_other() -> None:
    full = [[1] * 30] * 2
    found = reach_map({"output": [0, 0], "size": [2, 30], "claimed": full, "seen": full})
    assert found is not None
    lines = [str(line) for line in draw_map(found, 6, 80)]
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if ":" in line] == ["claimed:", "seen:"]
