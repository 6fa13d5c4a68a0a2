"""The words of a mistake: the same on every run and machine, and not those of another one."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attncheck.data.report import Finding, Status
from attncheck.gate.mistakes import alike, line, mistake

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def told(message: str, seen: str = "") -> str:
    return mistake(Finding("reach", "reach", Status.VIOLATED, message, seen=seen))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the output differs by 8.22 from x", "the output differs by 8.21734 from x"),
        ("a difference of 6.7e-16", "a difference of 2.1e-15"),
        ("differs by 8", "differs by 7.99"),
        ("raised at line 40", "raised at line 52"),
        ("`x` was rebound at lines 20 to 23", "`x` was rebound at lines 21 to 24"),
        ("no file /home/a/models/se.py", "no file /builds/7/models/se.py"),
        (r"no file 'C:\a\se.py'", r"no file 'D:\builds\se.py'"),
        ("<Gate object at 0x7f12ab34> has no x", "<Gate object at 0x7fff0012> has no x"),
        ("one\n  two", "one two"),
    ],
)
def test_what_differs_from_run_to_run_is_the_same_mistake(one: str, other: str) -> None:
    assert alike(told(one), told(other))
    assert alike(told(other), told(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("expected 4 axes, got 2", "expected 4 axes, got 3"),
        ("9,280 parameters", "9,281 parameters"),
        ("a 3×3 window", "a 5×5 window"),
        ("got (2, 32, 1, 1)", "got (2, 32, 1)"),
        ("the output differs by 8.22", "the output differs by 2.4"),
        ("a difference of 0.4", "a difference of 4e-16"),
        ("forward raises ValueError: no", "forward raises KeyError: no"),
        ("no softmax is seen", "no softmax is seen, and positions matter"),
        ("the mean is left out", "the deviation is left out"),
        ("1e999", "5.0"),
    ],
)
def test_another_mistake_is_another_one(one: str, other: str) -> None:
    assert not alike(told(one), told(other))
    assert not alike(told(other), told(one))


def test_where_there_is_no_message_what_was_seen_is_named() -> None:
    assert told("", "a 3×3 window") == "a 3×3 window"
    assert told("", "") == "violated"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(min_size=1, max_size=9))
def test_the_line_to_paste_is_toml_and_accepts_what_was_seen(message: str, claim: str) -> None:
    seen = told(message)
    (read,) = tomllib.loads(line(claim.replace("\x7f", ""), seen)).values()
    assert read == seen
    assert alike(read, told(message))
    assert told(seen) == seen or len(seen) > 600
