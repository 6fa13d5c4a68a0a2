"""Formulas compute what Python computes, and hold nothing but arithmetic."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attncheck.errors import SpecError
from attncheck.formula import Formula, evaluate

DIMS = {"C": 32, "H": 7, "W": 11, "r": 4}

_leaves = st.one_of(
    st.integers(0, 50).map(str), st.sampled_from(list(DIMS)), st.just("1.5"), st.just("-3")
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner)
    compared = st.tuples(inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner)
    chosen = st.tuples(inner, inner, inner)
    return st.one_of(
        binary.map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        compared.map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        chosen.map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} and not {t[1]})"),
        inner.map(lambda t: f"abs({t})"),
        inner.map(lambda t: f"-{t}"),
    )


@given(st.recursive(_leaves, _compound, max_leaves=8))
def test_a_formula_computes_what_python_computes(text: str) -> None:
    try:
        expected = eval(text, {"max": max, "abs": abs}, dict(DIMS))
    except ArithmeticError:
        with pytest.raises(SpecError):
            evaluate(text, DIMS)
        return
    assert evaluate(text, DIMS) == expected


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_spec_error(text: str) -> None:
    try:
        value = evaluate(text, DIMS)
    except SpecError:
        return
    assert isinstance(value, int | float)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "().__class__",
        "C.real",
        "C[0]",
        "[C]",
        "(C, H)",
        "'C' * 9",
        "lambda: 1",
        "[c for c in C]",
        "f(C)",
        "max(C, key=H)",
        "max(*C)",
        "(C := 3)",
        "C @ H",
        "C << 9",
        "C in H",
        "1j",
        "None",
        "...",
        "C = 2",
        "",
    ],
)
def test_what_is_not_arithmetic_is_refused_on_reading(text: str) -> None:
    with pytest.raises(SpecError):
        Formula(text)


def test_a_function_that_is_not_allowed_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="did you mean 'sqrt'"):
        Formula("sqr(C)")


def test_an_unknown_dim_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="did you mean 'heads'"):
        evaluate("haeds * 2", {"heads": 4})


@pytest.mark.parametrize("text", ["C // 0", "sqrt(0 - C)", "9 ** 9 ** 9", "log2(0)"])
def test_arithmetic_that_cannot_be_done_is_a_spec_error(text: str) -> None:
    with pytest.raises(SpecError, match="cannot be evaluated"):
        evaluate(text, DIMS)


def test_a_number_is_its_own_value() -> None:
    assert evaluate(3, {}) == 3
    assert math.isclose(evaluate("1 / sqrt(C)", DIMS), 1 / math.sqrt(32))


def test_a_formula_knows_its_names() -> None:
    assert Formula("2*C*(C//r) if bias else 0").names == {"C", "r", "bias"}
