"""SARIF: valid, on lines that exist, and the same alert after an edit elsewhere in the file."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from attncheck.catalogue.kinds import claim_page
from attncheck.data.report import Location, Report, Status, SubjectReport, Verdict
from attncheck.formats import find_format
from attncheck.probes import all_kinds, find_kind
from tests.formats import sample

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run_of(report: Report) -> dict[str, Any]:
    text = find_format("sarif").render(report, color=False, width=80)
    log = json.loads(text)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(log)
    (run,) = log["runs"]
    return dict(run)


def one(*findings: Any, target: str = f"{sample.SOURCE}:Gate") -> Report:
    subject = SubjectReport("gam", "mine", target, Verdict.VIOLATES, list(findings))
    return Report(environment={}, subjects=[subject])


@pytest.mark.parametrize(
    "report",
    [sample.report(), Report(environment={}, subjects=[])],
    ids=["the sample", "nothing"],
)
def test_the_log_is_valid(report: Report) -> None:
    run_of(report)


def test_levels_tell_violations_open_claims_and_advice_apart() -> None:
    results = run_of(sample.report())["results"]
    levels = {(r["properties"]["subject"], r["properties"]["claim"]): r["level"] for r in results}
    assert levels[("article", "shape")] == "error"
    assert levels[("Attention", "shape")] == "warning"
    assert levels[("article", "logit-scale")] == "note", "the spec does not require it"
    assert levels[("article", "batch-of-one")] == "note", "advice"
    assert ("article", "finite") not in levels, "what holds is no result"


def test_results_and_related_places_are_on_lines_relative_to_the_working_folder() -> None:
    run = run_of(sample.report())
    shape = next(r for r in run["results"] if r["ruleId"] == "shape")
    place = shape["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": sample.SOURCE, "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 20, "snippet": {"text": "        return x * x"}}
    assert shape["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 17
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{ROOT.as_uri()}/"


def test_an_absolute_path_inside_the_working_folder_is_told_as_relative() -> None:
    where = Location(str(ROOT / "a folder" / "ü#.py"), 3)
    (result,) = run_of(one(sample.finding("shape", Status.VIOLATED, location=where)))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20folder/%C3%BC%23.py"


def test_a_finding_without_a_place_is_on_the_line_that_defines_the_subject() -> None:
    report = one(sample.finding("shape", Status.VIOLATED))
    report.subjects[0].defined = Location(sample.SOURCE, 7)
    report.subjects[0].excerpts = [sample.source(sample.SOURCE)]
    (result,) = run_of(report)["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == 7
    assert region["snippet"]["text"].startswith("class Gate")


def test_rules_carry_the_page_of_explain() -> None:
    rules = run_of(sample.report())["tool"]["driver"]["rules"]
    shape = next(rule for rule in rules if rule["id"] == "shape")
    assert "## Why it matters" in shape["help"]["markdown"]
    assert shape["shortDescription"]["text"].endswith(".")


def test_every_kind_has_the_page_of_its_class() -> None:
    for kind in all_kinds():
        found = find_kind(kind)
        assert found is not None
        assert claim_page(kind) == inspect.cleandoc(found.__doc__ or "").replace("``", "`")


def test_fingerprints_stay_when_lines_move_and_numbers_change() -> None:
    moved = msgspec.convert(msgspec.to_builtins(sample.report()), Report)
    for finding in moved.subjects[1].findings:
        finding.message += " 7"
        if finding.location:
            finding.location = msgspec.structs.replace(finding.location, line=99)
    prints = [
        [r["partialFingerprints"] for r in run_of(report)["results"]]
        for report in (sample.report(), moved)
    ]
    assert prints[0] == prints[1]


def test_fingerprints_are_unique() -> None:
    twice = sample.report()
    twice.subjects += sample.report().subjects
    found = [str(r["partialFingerprints"]) for r in run_of(twice)["results"]]
    assert len(set(found)) == len(found)


def test_what_could_not_be_audited_is_told() -> None:
    (invocation,) = run_of(sample.report())["invocations"]
    assert not invocation["executionSuccessful"]
    told = [n["message"]["text"] for n in invocation["toolExecutionNotifications"]]
    assert "no value for the constructor's parameter 'size'" in told[0]
    assert "interrupted" in told[1]
