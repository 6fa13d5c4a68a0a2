"""The exact polynomial through counts."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from attncheck.instruments.counting.growth import POINTS, Polynomial, through

SIZES = range(3, 3 + POINTS)


@given(st.lists(st.integers(-50, 50), min_size=5, max_size=5))
def test_a_polynomial_is_found_from_its_values(coefficients: list[int]) -> None:
    wanted = Polynomial(tuple(Fraction(c) for c in coefficients))
    assert through([(size, int(wanted(size))) for size in SIZES]) == wanted


def test_what_is_none_is_not_called_one() -> None:
    assert through([(size, size**5) for size in SIZES]) is None
    assert through([(size, 2**size) for size in SIZES]) is None
    assert through([(size, size // 2) for size in SIZES]) is None


def test_too_few_sizes_confirm_nothing() -> None:
    assert through([(size, size) for size in list(SIZES)[:-1]]) is None


def test_it_is_written_in_positions() -> None:
    found = through([(side, 16 * side**3 + 1348 * side**2 - 3) for side in SIZES])
    assert found is not None
    assert found.words("N", per=2) == "16·N^1.5 + 1,348·N - 3"
