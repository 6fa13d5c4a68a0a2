"""No width of a terminal is too narrow, or too wide, to draw anything."""

from __future__ import annotations

import pytest

from attncheck.commands.explain import explain, listing
from attncheck.formats import find_format, render_page, writable
from attncheck.formats.shared.excerpts import Excerpt, Line
from attncheck.formats.terminal.violation import draw_excerpt
from attncheck.gate.page import plain_text
from tests.formats import large, sample

WIDTHS = (*range(70), 10_000)


@pytest.mark.parametrize("color", [False, True])
def test_a_report_is_drawn_at_every_width(color: bool) -> None:
    screen = find_format("text")
    for report in (sample.report(), large.profiled(1, samples=12)):
        for width in WIDTHS:
            assert report.subjects[0].subject in screen.render(report, color=color, width=width)


def test_pages_are_drawn_at_every_width() -> None:
    for page in (listing("claims"), explain("reach"), explain("gam")):
        for width in (*range(0, 45, 5), 10_000):
            assert render_page(page, color=True, width=width).strip()
            assert plain_text(page, width).strip()


def test_an_excerpt_is_drawn_wherever_its_mark_ends() -> None:
    for note in ("", "a note that is longer than the room beside it"):
        for end in range(1, 80):
            line = Line(7, "x" * 60, 0, end, note)
            assert list(draw_excerpt(Excerpt("m.py", 7, [line]), 60))


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("ascii", "x e ? -> ?"), ("latin-1", "x é ? -> ?"), ("utf-8", "✗ é 注 → ?"), ("none", None)],
)
def test_a_sign_that_cannot_be_written_has_a_nearest(encoding: str, written: str | None) -> None:
    assert writable("✗ é 注 → \ud800", encoding) == (written or "x e ? -> ?")
