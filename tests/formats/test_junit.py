"""JUnit: valid for Jenkins, and no open claim that looks like a pass."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from attncheck.data.report import Problem, Report, Status, SubjectReport, Verdict
from attncheck.formats import find_format
from tests.formats import sample

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def suites_of(report: Report) -> list[ElementTree.Element]:
    text = find_format("junit").render(report, color=False, width=80)
    SCHEMA.validate(text)
    return list(ElementTree.fromstring(text))


def outcomes(suite: ElementTree.Element) -> dict[str, str]:
    """Return claim -> the element inside its test, "passed" where there is none."""
    return {
        case.attrib["name"]: case[0].tag if len(case) else "passed"
        for case in suite.iter("testcase")
    }


def test_the_sample_and_an_empty_report_are_valid() -> None:
    assert len(suites_of(sample.report())) == 5
    assert suites_of(Report(environment={}, subjects=[])) == []


def test_a_subject_is_a_suite_and_a_claim_a_test() -> None:
    reference, article, *_ = suites_of(sample.report())
    assert reference.attrib["name"] == "gam.reference"
    assert set(outcomes(reference).values()) == {"passed"}
    found = outcomes(article)
    assert found["shape"] == "failure"
    assert found["deterministic"] == "error"
    assert found["masks"] == "skipped"


def test_an_open_claim_that_is_required_is_an_error_and_never_a_pass() -> None:
    undecided = suites_of(sample.report())[2]
    assert outcomes(undecided) == {"shape": "error"}
    assert undecided.attrib["errors"] == "1"


def test_an_open_claim_that_is_not_required_is_skipped_and_says_why() -> None:
    article = suites_of(sample.report())[1]
    case = next(c for c in article.iter("testcase") if c.attrib["name"] == "logit-scale")
    assert case[0].tag == "skipped"
    assert case[0].attrib["message"] == "undecided: the logits cannot be observed"


def test_advice_passes_and_says_itself() -> None:
    article = suites_of(sample.report())[1]
    assert outcomes(article)["batch-of-one"] == "system-out"


def test_what_could_not_be_audited_is_an_error() -> None:
    *_, problem, partial = suites_of(sample.report())
    assert outcomes(problem) == {"audited": "error"}
    assert outcomes(partial) == {"finished": "error"}


def test_counts_are_those_of_the_tests() -> None:
    for suite in suites_of(sample.report()):
        tags = list(outcomes(suite).values())
        assert int(suite.attrib["tests"]) == len(tags)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == tags.count(tag)


@pytest.mark.parametrize("sign", ["\x00", "\x1b[31m", "\ufffe", "\ud800", "]]>", '"&<>\n\r\t'])
def test_no_message_breaks_the_document(sign: str) -> None:
    finding = sample.finding("a<b>", Status.VIOLATED, f"before {sign} after", seen=sign)
    subject = SubjectReport("s", sign, f"{sign}.py:T", Verdict.VIOLATES, [finding])
    problems = [Problem("s", sign, sign, sign, sign)]
    suite, _ = suites_of(Report(environment={}, subjects=[subject], problems=problems))
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert str(failure.text).startswith("before ")
