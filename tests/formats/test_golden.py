"""Every format shows the sample report exactly as the golden files say.

To accept a change after reading its difference: ``ATTNCHECK_UPDATE_GOLDEN=1 pytest tests/formats``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attncheck.formats import find_format, writable
from tests.formats import sample

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]


def same_as(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("ATTNCHECK_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("width", [80, 120])
def test_the_screen_reads_well_at_common_widths(width: int) -> None:
    text = find_format("text").render(sample.report(), color=False, width=width)
    assert max(map(len, text.splitlines())) <= width
    same_as(f"screen-{width}.txt", text)


def test_the_screen_is_the_same_with_colour() -> None:
    text = find_format("text").render(sample.report(), color=True, width=80)
    assert "\x1b[" in text
    same_as("screen-80-colour.txt", text)


def test_colour_adds_nothing_but_colour() -> None:
    import re

    screen = find_format("text")
    plain = screen.render(sample.report(), color=False, width=80)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", screen.render(sample.report(), color=True, width=80))
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


def test_the_screen_has_an_ascii_form() -> None:
    text = find_format("text").render(sample.report(), color=False, width=80)
    bare = writable(text, "ascii")
    assert bare.isascii()
    same_as("screen-80-ascii.txt", bare)


def test_markdown_is_ready_for_a_comment() -> None:
    same_as("report.md", find_format("markdown").render(sample.report(), color=True, width=80))


def test_json_is_the_report_itself() -> None:
    same_as("report.json", find_format("json").render(sample.report(), color=True, width=80))
