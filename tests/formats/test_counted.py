"""A subject that was only counted looks like no pass, in any format."""

from __future__ import annotations

import pytest

from attncheck.data.counts import Counts
from attncheck.data.report import Report, SubjectReport, Verdict, decode, encode
from attncheck.formats import find_format
from attncheck.formats.page_html.overview import headline
from attncheck.gate.seal import contradiction
from tests.formats import sample

COUNTED = SubjectReport(
    "se", "Mine", "m.py:Mine", Verdict.COUNTED, counts=Counts(parameters=552, macs=1024)
)


def report(*others: SubjectReport) -> Report:
    return Report(environment={}, subjects=[COUNTED, *others])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text", "no claim was tried"),
        ("markdown", "no claim was tried"),
        ("html", "no claim was tried"),
        ("junit", "no claim was tried"),
        ("sarif", "counted, and no claim was tried"),
        ("github", "1 counted alone"),
        ("json", '"verdict": "counted"'),
    ],
)
def test_every_format_says_that_nothing_was_tried(name: str, said: str) -> None:
    assert said in find_format(name).render(report(), color=False, width=100)


def test_the_headline_counts_no_counted_subject_among_those_that_conform() -> None:
    assert headline(report()) == "1 subject counted, no claim was tried"
    assert headline(report(sample.reference())) == (
        "1 of 2 subjects conform; the others were only counted"
    )


def test_it_is_read_again_and_no_gate_takes_it() -> None:
    assert decode(encode(report())).subjects == [COUNTED]
    assert "counted and not audited" in contradiction(report())


def test_counts_keep_what_was_said_and_no_more() -> None:
    assert b'"fvcore"' not in encode(report())
    assert b'"other_ops"' not in encode(report())
    one = SubjectReport("a", "b", "c", Verdict.COUNTED, counts=Counts(fvcore=None))
    said = Report(environment={}, subjects=[one])
    assert b'"fvcore": null' in encode(said)


def test_fields_of_newer_versions_are_tolerated() -> None:
    newer = encode(report()).replace(b'"macs"', b'"joules": 3, "macs"')
    assert decode(newer).subjects == [COUNTED]


def test_subjects_of_one_name_are_told_apart_by_their_targets() -> None:
    twin = SubjectReport("se", "Mine", "other.py:Mine", Verdict.COUNTED, counts=Counts(macs=1))
    for name in ("text", "markdown"):
        drawn = find_format(name).render(report(twin), color=False, width=100)
        assert drawn.count("m.py:Mine") == drawn.count("other.py:Mine") == 2
