"""The report survives the way through JSON, and its verdict follows from its findings."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attncheck.data.harmless import one_line
from attncheck.data.report import (
    SCHEMA,
    Finding,
    Location,
    Report,
    Status,
    SubjectReport,
    Verdict,
    Witness,
    decode,
    encode,
    verdict_of,
)
from tests.formats import sample

_text = st.text(max_size=12).filter(lambda text: one_line(text) == text)
_location = st.builds(Location, path=_text, line=st.integers(0, 999), note=_text)
_evidence = st.dictionaries(
    _text, st.one_of(st.integers(-9, 9), _text, st.lists(st.integers(0, 9))), max_size=3
)
_finding = st.builds(
    Finding,
    claim=_text,
    kind=_text,
    status=st.sampled_from(Status),
    message=_text,
    evidence=_evidence,
    location=st.none() | _location,
    related=st.lists(_location, max_size=2),
    witness=st.none() | st.builds(Witness, case=_evidence, shape=st.lists(st.integers(1, 9))),
    advice=st.booleans(),
    required=st.booleans(),
)


@given(st.lists(_finding, max_size=4))
def test_a_report_survives_the_way_through_json(findings: list[Finding]) -> None:
    subject = SubjectReport("gam", "article", "a.py:Net", verdict_of(findings), findings)
    report = Report(environment={"torch": "2.13.0"}, subjects=[subject])
    assert decode(encode(report)) == report


def test_a_report_file_begins_with_its_schema() -> None:
    data = encode(sample.report())
    assert list(json.loads(data))[:3] == ["schema", "environment", "subjects"]
    assert json.loads(data)["schema"] == SCHEMA == "attncheck.report/1"
    assert data.endswith(b"}\n")


def test_the_contracts_fields_are_there() -> None:
    subject = json.loads(encode(sample.report()))["subjects"][1]
    assert {"spec", "subject", "target", "verdict", "findings", "counts", "diagnosis"} <= set(
        subject
    )
    finding = subject["findings"][0]
    assert {"claim", "status", "message", "location", "witness"} <= set(finding)
    assert finding["location"] == {
        "path": sample.SOURCE,
        "line": 20,
        "note": sample.REBOUND.note,
    }


def test_a_field_of_a_later_version_is_ignored() -> None:
    raw = json.loads(encode(sample.report()))
    raw["later"] = raw["subjects"][0]["later"] = 1
    assert decode(json.dumps(raw).encode()) == sample.report()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"schema": "attncheck.report/1"}'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)


def test_a_report_of_another_schema_is_refused() -> None:
    raw = json.loads(encode(sample.report()))
    raw["schema"] = "attncheck.report/2"
    with pytest.raises(msgspec.ValidationError, match="expected 'attncheck"):
        decode(json.dumps(raw).encode())


def finding(status: Status, *, advice: bool = False, required: bool = True) -> Finding:
    return Finding("shape", "shape", status, advice=advice, required=required)


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], Verdict.CONFORMS),
        ([finding(Status.HOLDS), finding(Status.SKIPPED)], Verdict.CONFORMS),
        ([finding(Status.UNDECIDED), finding(Status.VIOLATED)], Verdict.VIOLATES),
        ([finding(Status.VIOLATED, advice=True)], Verdict.CONFORMS),
        ([finding(Status.HOLDS), finding(Status.UNDECIDED)], Verdict.UNDECIDED),
        ([finding(Status.HOLDS), finding(Status.UNDECIDED, required=False)], Verdict.CONFORMS),
        ([finding(Status.UNDECIDED, required=False)], Verdict.UNDECIDED),
        ([finding(Status.ERROR)], Verdict.UNDECIDED),
    ],
)
def test_the_verdict_follows_from_the_findings(findings: list[Finding], verdict: Verdict) -> None:
    assert verdict_of(findings) is verdict
