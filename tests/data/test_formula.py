"""Formulas compute what Python computes, and hold nothing but arithmetic."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attncheck.data.formula import Formula, evaluate
from attncheck.errors import SpecError

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


BOMBS = {
    "powers of powers": "(" * 12 + "9" + "**16)" * 12,
    "a tower": "9**9**9",
    "products of powers": "*".join(["9**16"] * 40),
    "a number of 400 digits": "9" * 400,
    "a number in hexadecimal": "0x" + "f" * 1500,
    "an endless float": "1e999 * 0",
    "an overflow": "1e200 * 1e200",
    "a root of a negative number": "(0 - 8) ** 0.5",
    "zero to a negative power": "0 ** (0 - 1)",
    "digits to round to": "round(1, 0 - 10**16)",
    "brackets in brackets": "(" * 900 + "C" + ")" * 900,
    "signs before signs": "-" * 1900 + "C",
    "a long chain": "+".join("C" * 900),
    "a hundred thousand names": "+".join(f"n{i}" for i in range(100_000)),
    "a megabyte": "1" * 2**20,
    "nested choices": "1 if C else " * 150 + "1",
    "nested calls": "abs(" * 150 + "C" + ")" * 150,
    "NUL": "C\0",
    "half a sign": "C\ud800",
    "no argument": "max()",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_formula_has_a_budget(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        evaluate(text, DIMS)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "value",
    ["x" * 1000, 10**5000, float("nan"), float("inf")],
    ids=["text", "digits", "nan", "inf"],
)
def test_what_a_name_stands_for_has_a_budget_too(value: object) -> None:
    with pytest.raises(SpecError, match="cannot be evaluated"):
        evaluate("C * 1000000", {"C": value})  # type: ignore[dict-item]


def test_a_number_is_its_own_value() -> None:
    assert evaluate(3, {}) == 3
    assert math.isclose(evaluate("1 / sqrt(C)", DIMS), 1 / math.sqrt(32))


def test_a_formula_knows_its_names() -> None:
    assert Formula("2*C*(C//r) if bias else 0").names == {"C", "r", "bias"}
