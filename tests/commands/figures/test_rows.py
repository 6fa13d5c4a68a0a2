"""The published rows are whole, each says how it is built or why it is not."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from attncheck.commands.figures.counters import COUNTERS
from attncheck.commands.figures.hosts import HOSTS
from attncheck.commands.figures.rows import published, read
from attncheck.commands.figures.run import chosen, conventions
from attncheck.errors import SpecError, UsageError


def test_there_are_187_rows_and_a_third_are_recalled() -> None:
    assert Counter(row.table.status for row in published()) == {"read": 118, "recalled": 69}


def test_at_least_a_hundred_rows_are_built() -> None:
    assert sum(row.row.build is not None for row in published()) >= 150


@pytest.mark.parametrize("row", published(), ids=lambda row: row.id)
def test_a_row_is_built_or_says_why_not(row) -> None:  # type: ignore[no-untyped-def]
    assert (row.row.build is None) == bool(row.row.why_not)
    assert row.counter in COUNTERS
    assert row.row.build is None or row.row.build.host in HOSTS
    for printed in (row.row.params, row.row.flops):
        assert not printed or Decimal(printed) > 0


def test_rows_are_chosen_by_spec_alias_table_and_mechanism() -> None:
    assert {row.id for row in chosen(["cbam/2"], "")} == {"cbam/2"}
    assert len(chosen(["SELayer"], "")) == len(chosen(["se"], "")) > 20
    assert len(chosen(["imgclsmob"], "")) == 17
    assert all(row.row.mechanism == "none" for row in chosen(["none"], ""))
    assert not chosen(["imgclsmob"], "recalled")
    assert [row.id for row in chosen(["thop", "ccnet"], "")] == ["ccnet/1", "ccnet/2", "thop/1"]


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="imgclsmob"):
        chosen(["imgclsmop"], "")


def test_conventions_are_said_in_words() -> None:
    said = conventions(chosen(["ecanet"], "")[0])
    assert said.startswith("params in 2²⁰; FLOPs in 2³⁰, 1 per multiply-add; counter thop-2019")


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('source = "x"\nstatus = "guessed"\nrows = []\n', encoding="utf-8")
    with pytest.raises(SpecError, match=r"wrong\.toml"):
        list(read(path))
