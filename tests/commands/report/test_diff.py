"""What a difference says changed is what changed."""

from __future__ import annotations

import msgspec

from attncheck.commands.report.diff import ReportDifference, difference
from attncheck.commands.report.page import markdown_of, page_of
from attncheck.data.report import Report, Status, Verdict, decode, encode
from attncheck.formats import render_page
from tests.formats import sample


def changed() -> Report:
    """Return the sample with other answers, counts and torch; one subject gone and one new."""
    report = decode(encode(sample.report()))
    report.environment["torch"] = "2.14.0"
    reference, article, swapped = report.subjects
    reference.findings[1].status = Status.VIOLATED
    reference.findings[1].message = "a | b"
    reference.verdict = Verdict.VIOLATES
    reference.counts.parameters += 336
    article.findings = [f for f in article.findings if f.claim != "finite"]
    swapped.subject = "Other"
    return report


def test_equal_reports_do_not_differ() -> None:
    found = difference(sample.report(), sample.report())
    assert (found.subjects, found.environment, found.same) == ([], [], 3)
    assert "nothing changed in 3 subjects" in render_page(page_of(found), color=False, width=80)


def test_verdicts_claims_counts_subjects_and_the_machine_are_compared() -> None:
    found = difference(sample.report(), changed())
    told = {one.subject: one for one in found.subjects}
    reference = told["gam@reference"]
    assert (reference.before, reference.after) == ("conforms", "violates")
    assert [(c.claim, c.before, c.after) for c in reference.claims] == [
        ("reach", "holds", "violated")
    ]
    assert [(c.name, c.before, c.after) for c in reference.counts] == [("parameters", 3360, 3696)]
    (vanished,) = told["gam@article"].claims
    assert (vanished.claim, vanished.before, vanished.after) == ("finite", "holds", "")
    assert (told["mine@Other"].before, told["mine@Other"].after) == ("", "undecided")
    assert (told["mine@Attention"].before, told["mine@Attention"].after) == ("undecided", "")
    assert [change.name for change in found.environment] == ["torch"]
    assert found.same == 0


def test_the_same_subject_with_other_options_is_still_compared() -> None:
    other = decode(encode(sample.report()))
    other.subjects[0].job = {"seed": 1}
    assert difference(sample.report(), other).same == 3


def test_the_page_says_by_how_much() -> None:
    page = render_page(page_of(difference(sample.report(), changed())), color=False, width=120)
    assert "gam@reference · attncheck.reference.gam:gam: conforms → violates" in page
    assert "+336 (+10.0 %)" in page
    assert "mine@Attention · mine.attention:Attention: gone, it was: undecided" in page


def test_markdown_tables_hold_any_message() -> None:
    text = markdown_of(difference(sample.report(), changed()))
    assert "| reach | holds | violated | a \\| b |" in text
    assert text.endswith("\n")


def test_a_difference_survives_the_way_through_json() -> None:
    found = difference(sample.report(), changed())
    assert msgspec.json.decode(msgspec.json.encode(found), type=ReportDifference) == found
