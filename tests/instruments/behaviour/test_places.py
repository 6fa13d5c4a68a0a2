"""Sets of places: what a claim names, and how what was seen is named."""

import pytest
import torch

from attncheck.instruments.behaviour.places import (
    channel_group,
    claimed_places,
    describe_claim,
    describe_places,
    terms,
)

MAP = (7, 11)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("nothing", 0),
        ("self", 1),
        ("row", 11),
        ("column", 7),
        ("row + column", 17),
        ("window 3", 9),
        ("window 2*k + 1", 25),
        ("self + window 3", 9),
        ("causal", 39),
        ("all", 77),
        ("whole blocks 2", 60),
    ],
)
def test_a_set_holds_as_many_places_as_its_name_says(text: str, count: int) -> None:
    assert int(claimed_places(text, (3, 5), MAP, {"k": 2}).sum()) == count


def test_a_window_is_cut_at_the_border() -> None:
    assert int(claimed_places("window 3", (0, 0), MAP, {}).sum()) == 4


def test_a_causal_window_counts_the_position_itself() -> None:
    seen = claimed_places("causal window 3", (5,), (9,), {})
    assert seen.nonzero().flatten().tolist() == [3, 4, 5]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("self", "itself alone"),
        ("row", "its row"),
        ("row + column", "row + column"),
        ("window 5", "a 5×5 window"),
        ("all", "every position"),
        ("nothing", "no position at all"),
    ],
)
def test_what_was_seen_is_named(text: str, name: str) -> None:
    assert describe_places(claimed_places(text, (3, 5), MAP, {}), (3, 5)) == name


def test_a_claim_is_shown_with_its_sizes() -> None:
    assert describe_claim("window 2*k - 1", {"k": 7, "H": 7}) == "a 13×13 window"


def test_whole_blocks_are_those_that_a_pooling_sees() -> None:
    seen = claimed_places("whole blocks 3 + self", (6, 10), MAP, {})
    assert int(seen.sum()) == 6 * 9 + 1
    assert describe_claim("whole blocks 3", {}) == "every whole 3×3 block"


def test_rows_are_of_maps() -> None:
    with pytest.raises(ValueError, match="maps"):
        claimed_places("row", (3,), (9,), {})


def test_an_unknown_word_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="allowed: self, row"):
        terms("row + diagonal")


def test_groups_are_counted_or_sized() -> None:
    by_count = channel_group("group 4", 9, 32, 32, {})
    assert torch.equal(by_count, channel_group("groups of 8", 9, 32, 32, {}))
    assert by_count.nonzero().flatten().tolist() == list(range(8, 16))
