"""Pages as CSV, LaTeX and Markdown."""

from __future__ import annotations

import csv
import io

import pytest

from attncheck.data.page import Page, Section, Table
from attncheck.formats.shared.page_tables import PAGE_FORMATS, csv_of, latex_of

PAGE = Page(
    "net.py:Net_1",
    [
        Section(table=Table([["parameters", "25,557,032"], ["MACs", "4,089,184,256"]])),
        Section(
            "By submodule",
            ["one multiply-add = 1 MAC"],
            Table([["Net", "90"], ["  a_b & c", "–"], ["=HYPERLINK(1)", "-40"]], ["", "MACs"]),
        ),
    ],
)


def test_csv_holds_numbers_that_programs_read_and_no_formulas() -> None:
    totals, parts = csv_of(PAGE).split("\n\n")
    assert list(csv.reader(io.StringIO(totals))) == [
        ["parameters", "25557032"],
        ["MACs", "4089184256"],
    ]
    assert parts.splitlines() == [
        "# By submodule",
        ",MACs",
        "Net,90",
        "  a_b & c,–",
        "'=HYPERLINK(1),-40",
    ]


def test_latex_is_a_table_whose_figures_stand_at_the_right() -> None:
    lines = latex_of(PAGE).splitlines()
    assert lines[1] == "% net.py:Net_1"
    assert lines.count(r"\begin{tabular}{lr}") == 2
    assert r"\quad a\_b \& c & -- \\" in lines
    assert lines.count(r"\midrule") == 1


@pytest.mark.parametrize("name", PAGE_FORMATS)
def test_text_from_outside_ends_no_line(name: str) -> None:
    evil = Page(
        "a\nb", [Section("c\rd", ["e\n\\input{f}"], Table([["g\n\x1b[31m", "h"]], ["i\nj", "k"]))]
    )
    text = PAGE_FORMATS[name].text(evil)
    assert "\x1b" not in text
    assert "\r" not in text
    assert not any(line.startswith(("b", "d", "\\input", "j")) for line in text.splitlines())
