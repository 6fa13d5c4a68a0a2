"""How a result looks: the same in plain text, Markdown and annotations; nothing is lost."""

from __future__ import annotations

from attncheck.data.report import Location, Status
from attncheck.formats import render_page
from attncheck.formats.shared.commands import MOST
from attncheck.gate.page import annotated, markdown_of, page_of, plain_text
from attncheck.gate.result import Answer, Check, GateResult
from tests.gate.reports import finding, judged, paired, report, subject


def broken() -> GateResult:
    wrong = finding(
        "reach", Status.VIOLATED, "5 of 11 | seen\nonly", location=Location("gam.py", 37)
    )
    now = report(subject(findings=[finding("shape"), wrong], profile=paired(1.0)))
    return judged(now, report(subject()), [])


def test_the_reason_and_the_command_are_in_every_format() -> None:
    result = broken()
    page = page_of(result)
    for text in (
        plain_text(page, 100),
        render_page(page, color=False, width=100),
        markdown_of(result),
        annotated(result),
    ):
        flat = " ".join(text.split())
        assert "regressed" in flat
        assert "5 of 11" in flat
        assert "attncheck audit gam gam.py:GAM" in flat


def test_what_pairs_would_have_found_is_shown_even_where_they_hold() -> None:
    text = plain_text(page_of(broken()), 140)
    assert "would find" in text
    assert "forward 8x32x16x16 float32" in text


def test_plain_text_keeps_to_its_width() -> None:
    lines = plain_text(page_of(broken()), 120).splitlines()
    assert all(len(line) <= 120 for line in lines if "attncheck " not in line)


def test_annotations_are_escaped_on_their_line_and_limited() -> None:
    lines = annotated(broken()).splitlines()
    assert lines[0].startswith("::error file=gam.py,title=gam@GAM%3A reach,line=37::5 of 11 | seen")
    assert "%0A" in lines[0]
    many = GateResult(
        answer=Answer.REGRESSED,
        checks=[Check("a", str(n), Answer.REGRESSED, "no", "yes") for n in range(40)],
    )
    errors = [line for line in annotated(many).splitlines() if line.startswith("::error")]
    assert len(errors) == MOST
    assert errors[-1] == "::error::31 more are regressed"
