"""Figures say what the numbers say: axes, fits, fronts, and units."""

from __future__ import annotations

import pytest

from attncheck.data.profile import Growth, Row, Timing
from attncheck.formats.page_html.figures.axes import axis
from attncheck.formats.page_html.figures.growth import fitted, growth_figure, terms_of
from attncheck.formats.page_html.figures.pareto import Offer, front, pareto_figure
from attncheck.formats.page_html.figures.strips import strips_figure
from attncheck.formats.page_html.names import Names
from attncheck.formats.shared.units import count, duration, figures, plain, share, size


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("16·N^1.5 + 1,348·N", [(16, 1.5), (1348, 1)]),
        ("8,192·N", [(8192, 1)]),
        ("N^2 - 3·N + 7", [(1, 2), (-3, 1), (7, 0)]),
        ("no polynomial", []),
        ("", []),
        ("3 4", []),
    ],
)
def test_a_polynomial_is_read_as_it_is_written(text: str, terms: list[tuple[float, float]]) -> None:
    assert terms_of(text) == terms


@pytest.mark.parametrize("power", [1, 2])
def test_the_fit_is_drawn_where_it_meets_the_points(power: int) -> None:
    points = [(x, 3.0 * (x**power) + 5) for x in (2.0, 4.0, 8.0)]
    curve = fitted(Growth(points=points, polynomial="3·N + 5"))
    assert curve is not None
    assert [curve(x) for x, _ in points] == [y for _, y in points]


def test_a_polynomial_that_misses_the_points_is_said_but_not_drawn() -> None:
    found = growth_figure("g", "macs", Growth(points=[(2, 10), (4, 90)], polynomial="3·N", order=1))
    assert found is not None
    assert 'class="joined"' in found.picture
    assert found.notes == ["3·N; grows with N"]


def test_one_point_makes_no_figure() -> None:
    assert growth_figure("g", "macs", Growth(points=[(2, 10), (2, 11)])) is None


def test_a_log_axis_has_round_ticks_inside_its_ends() -> None:
    ticks = axis([3, 4000], 0, 100, plain, log=True).ticks()
    assert ticks == [10, 100, 1000]
    assert axis([2**20, 2**23], 0, 1, size, log=True, binary=True).ticks() == [
        2.0**n for n in (20, 21, 22, 23)
    ]


def test_an_axis_of_one_value_still_has_two_ends() -> None:
    for log in (False, True):
        one = axis([5, 5], 0, 100, plain, log=log)
        assert one.low < 5 < one.high
        assert one.ticks()


def test_only_subjects_that_conform_stand_on_the_front() -> None:
    def offer(name: str, reach: float, macs: float, verdict: str = "conforms") -> Offer:
        return Offer(name, verdict, reach, macs, 1, "")

    near, far, worse = offer("near", 0.1, 10), offer("far", 1, 100), offer("worse", 0.5, 200)
    cheat = offer("cheat", 1, 1, "violates")
    assert front([worse, far, near, cheat]) == [near, far]
    found = pareto_figure("p", [worse, far, near, cheat])
    assert found is not None
    assert [row[-1] for row in found.table.rows] == ["", "on the front", "", "on the front"]


def test_every_sample_is_drawn_or_falls_on_one_that_is() -> None:
    timing = Timing(processes=[[100, 110, 120], [100, 130]], median=110, interval=(100, 120))
    found = strips_figure("s", [Row(input="2x3", dtype="float32", forward=timing)])
    assert found is not None
    assert found.picture.count("h0") == 5
    assert found.table.rows[0][3] == "5 in 2"
    assert strips_figure("s", [Row(forward=Timing()), Row()]) is None


def test_numbers_have_three_figures_and_a_unit() -> None:
    assert [count(n) for n in (0, 999, 12_345, 5e9)] == ["0", "999", "12.3 k", "5 G"]
    assert [size(n) for n in (12, 2**20, 3 * 2**29)] == ["12 B", "1 MiB", "1.5 GiB"]
    assert [duration(n) for n in (950, 1500, 2.5e9)] == ["950 ns", "1.5 µs", "2.5 s"]
    assert share(0.117) == "11.7 %"
    assert figures(0.001234) == "0.00123"
    assert plain(None) == count(None) == "–"


def test_names_are_safe_and_never_given_twice() -> None:
    names = Names()
    found = [names.new("A b", "ü<x>"), names.new("a", "b-x"), names.new("a b", "x"), names.new("")]
    assert len(set(found)) == 4
    assert all(name.isascii() and " " not in name and "<" not in name for name in found)
