"""Printed digits, units and counters: what agrees, what does not, and what would explain it."""

from __future__ import annotations

import pytest

from attncheck.commands.figures.compare import MEBI, compare, cut, figure, same
from attncheck.commands.figures.rows import (
    Build,
    Placement,
    Published,
    PublishedRow,
    TableFile,
    published,
)

R50 = 25_557_032


@pytest.mark.parametrize(
    ("printed", "value"), [("25.56", 25.557032), ("1.30", 1.295), ("65", 65.49), ("3.86", 3.855)]
)
def test_half_a_unit_of_the_last_printed_digit_agrees(printed: str, value: float) -> None:
    assert same(printed, value)


@pytest.mark.parametrize(("printed", "value"), [("25.56", 25.5651), ("65", 65.51), ("1.3", 1.36)])
def test_more_than_half_a_unit_does_not(printed: str, value: float) -> None:
    assert not same(printed, value)


def test_a_trailing_zero_is_a_digit() -> None:
    assert same("8.0", 7.96)
    assert not same("8.00", 7.96)


def test_a_figure_that_was_cut_off_is_told() -> None:
    found = compare("16.04", 16_049_672, 1e6, [])
    assert not found.agrees
    assert found.explained == ["cut off, not rounded"]
    assert not cut("16.04", 16.039)


def test_millions_of_two_kinds_are_told_apart() -> None:
    assert compare("24.37", R50, MEBI, []).agrees
    decimal = compare("24.37", R50, 1e6, [("in units of 2²⁰", R50, MEBI)])
    assert not decimal.agrees
    assert decimal.explained == ["in units of 2²⁰"]
    assert decimal.difference == pytest.approx(1.187032)


def one(row: PublishedRow, **table: object) -> Published:
    return Published("test/1", TableFile("a test", "read", [row], **table), row)  # type: ignore[arg-type]


def test_a_row_without_a_plan_says_why_it_is_not_built() -> None:
    found = figure(one(PublishedRow("ABN", "ResNet-18", params="21.61", why_not="no spec of it")))
    assert (found.verdict, found.why) == ("not built", "no spec of it")
    assert found.printed == ("21.61", "")


def test_a_spec_that_is_not_there_is_a_reason() -> None:
    plan = Build("resnet-18", parts=(Placement("not-a-mechanism"),))
    found = figure(one(PublishedRow("?", "ResNet-18", params="1", build=plan)))
    assert found.verdict == "not built"
    assert "not-a-mechanism" in found.why


def test_a_place_that_is_not_there_is_a_reason() -> None:
    plan = Build("resnet-18", parts=(Placement("se", at=("stage9/*",)),))
    found = figure(one(PublishedRow("SE", "ResNet-18", params="1", build=plan)))
    assert found.verdict == "not built"
    assert "stage9/*" in found.why


def test_se_in_every_block_of_a_resnet_18_agrees_to_the_last_parameter() -> None:
    plan = Build("resnet-18", parts=(Placement("se"),))
    row = PublishedRow("SE", "SE-ResNet-18", params="11.778592", flops="1.82051", build=plan)
    found = figure(one(row, counter="imgclsmob"))
    assert found.places == 8
    assert found.params is not None
    assert found.params.count == 11_778_592
    assert found.verdict == "agrees"
    other = figure(one(row))
    assert other.verdict == "disagrees"
    assert other.flops is not None
    assert "as imgclsmob counts" in other.flops.explained


def test_the_table_of_ccnet_counts_two_per_multiply_add() -> None:
    nonlocal_block, criss_cross = (r for r in published() if r.id.startswith("ccnet/"))
    assert figure(nonlocal_block).verdict == figure(criss_cross).verdict == "agrees"
    flops = figure(criss_cross).flops
    assert flops is not None
    assert round(flops.value, 2) == 16.54, (
        "16.52 if the pixel's own masked column were not computed"
    )
