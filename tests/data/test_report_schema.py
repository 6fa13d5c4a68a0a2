"""The published schema of reports is the generated one, fits real reports, and only grows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema

from attncheck.data.report import encode
from attncheck.data.report_schema import report_schema, text
from tests.formats import sample

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "reports" / "schema" / "report-1.json"
FIRST = Path(__file__).parent / "report-1-fields.json"
"""Every field that was ever published; a new one is added with ATTNCHECK_UPDATE_GOLDEN=1."""


def fields(schema: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return type -> field -> its schema without the text about it; required ones marked."""
    found: dict[str, dict[str, str]] = {}
    for name, of in {"Report": schema, **schema["$defs"]}.items():
        found[name] = {
            field: json.dumps({k: v for k, v in given.items() if k != "description"})
            + (" required" if field in of.get("required", []) else "")
            for field, given in of.get("properties", {}).items()
        } or {"enum": json.dumps(of.get("enum"))}
    return found


def test_the_published_schema_is_the_generated_one() -> None:
    hint = "run: python -m attncheck.data.report_schema"
    assert PUBLISHED.read_text(encoding="utf-8") == text(), hint


def test_the_schema_is_one_and_fits_a_report() -> None:
    schema = report_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(encode(sample.report())))


def test_the_schema_refuses_what_is_no_report() -> None:
    validator = jsonschema.Draft202012Validator(report_schema())
    report = json.loads(encode(sample.report()))
    assert not validator.is_valid({**report, "schema": "attncheck.report/2"})
    assert not validator.is_valid({k: v for k, v in report.items() if k != "schema"})
    report["subjects"][0]["verdict"] = "fine"
    assert not validator.is_valid(report)


def test_readers_of_the_first_version_can_read_a_later_one() -> None:
    report = json.loads(encode(sample.report()))
    report["subjects"][0]["added later"] = 1
    jsonschema.Draft202012Validator(report_schema()).validate({**report, "new": {}})


def test_what_was_once_published_stays_as_it_is() -> None:
    now = fields(report_schema())
    if os.environ.get("ATTNCHECK_UPDATE_GOLDEN"):
        FIRST.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
    before = json.loads(FIRST.read_text(encoding="utf-8"))
    for name, published in before.items():
        for field, given in published.items():
            same = now[name][field] == given or _grown(given, now[name][field])
            assert same, f"{name}.{field} changed: reports only grow"
    for name, published in now.items():
        for field, given in published.items():
            new = name in before and field not in before[name]  # of a new type all may be
            assert not (new and given.endswith(" required")), f"{name}.{field} would be required"


def _grown(before: str, now: str) -> bool:
    """Say whether what was any object has its fields told now, or a list of words has more."""
    if before == '{"type": "object", "default": {}}':
        kind = now.partition("#/$defs/")[2].partition('"')[0]
        told = {"anyOf": [{"$ref": f"#/$defs/{kind}"}, {"type": "null"}], "default": None}
        return bool(json.loads(now) == told)
    return before.startswith("[") and set(json.loads(before)) < set(json.loads(now))
