"""``specs/schema.json`` matches the types, and every shipped spec matches it."""

from __future__ import annotations

import json
import sys
from typing import Any

import jsonschema
import pytest

from attncheck.catalogue.schema import spec_schema
from attncheck.spec.shelf import find_path, spec_ids, specs_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def valid(document: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(spec_schema()).is_valid(document))


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = json.loads((specs_folder() / "schema.json").read_text(encoding="utf-8"))
    assert committed == spec_schema(), "run: python -m attncheck.catalogue.schema"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(spec_schema())


@pytest.mark.parametrize("name", spec_ids())
def test_every_spec_matches_the_schema(name: str) -> None:
    path = find_path(name)
    assert path is not None
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(spec_schema()).validate(document)


def test_what_the_reader_refuses_the_schema_refuses() -> None:
    good = {"id": "mine", "title": "Mine"}
    assert valid(good)
    assert not valid({**good, "familly": "map"})
    assert not valid({**good, "id": "My Spec"})
    assert not valid({**good, "claims": {"shape": {"outptu": "B C"}}})
    assert not valid({**good, "claims": {"shape": {"output": 3}}})
    assert not valid({**good, "claims": {"shpae": {}}})
    assert not valid({**good, "claims": {"mine": {"kind": "shpae"}}})


def test_a_claim_of_another_name_states_its_kind() -> None:
    good = {"id": "mine", "title": "Mine"}
    assert valid({**good, "claims": {"mine": {"kind": "shape", "output": "B C"}}})
    assert not valid({**good, "claims": {"mine": {"kind": "shape", "outptu": "B C"}}})


def test_every_claim_kind_has_a_page() -> None:
    for name, part in spec_schema()["$defs"].items():
        if name.startswith("claim-"):
            assert part["description"], name
