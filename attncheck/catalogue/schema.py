"""The JSON Schema of spec files, made from the types that decode them.

``python -m attncheck.catalogue.schema`` writes ``specs/schema.json``; editors complete claim kinds,
their parameters and every key from it. Stands above ``spec`` because the probes' classes are part
of it.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from attncheck import probes
from attncheck.catalogue.kinds import summary
from attncheck.data.meanings import field_meanings
from attncheck.probes import find_kind
from attncheck.spec import ChoiceEntry, SpecDocument, SubjectEntry
from attncheck.spec.shelf import specs_folder
from attncheck.subject.claim import Claim

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def built_in_kinds() -> Iterator[tuple[str, type[Claim]]]:
    """Yield every claim kind that attncheck ships, whatever plugins are installed."""
    for info in pkgutil.iter_modules(probes.__path__):
        kind = find_kind(info.name.replace("_", "-"))
        if kind is not None and kind.__module__ == f"{probes.__name__}.{info.name}":
            yield kind.kind, kind


def spec_schema() -> dict[str, Any]:
    """Return the schema of a spec file, with the claim kinds that attncheck ships."""
    definitions = _definitions(SpecDocument)
    _describe(definitions[ChoiceEntry.__name__], ChoiceEntry)
    for struct in (SpecDocument, SubjectEntry):
        _describe(definitions[struct.__name__], struct)
        claims = definitions[struct.__name__]["properties"]["claims"]
        about = claims.get("description", "Claim name -> parameters of its kind.")
        claims.clear()
        claims |= {"$ref": "#/$defs/claims", "description": about}
    kinds = dict(built_in_kinds())
    for name, kind in kinds.items():
        definitions |= _claim_definitions(name, kind)
    definitions["claims"] = _claims_table(list(kinds))
    top = definitions.pop("SpecDocument")
    schema = {
        "$schema": _DRAFT,
        **top,
        "title": "attncheck spec",
        "description": "One mechanism, or one family contract, and what must be true of it.",
        "$defs": dict(sorted(definitions.items())),
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    return plain


def _definitions(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return dict(msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")[1])


def _claim_definitions(name: str, kind: type[Claim]) -> dict[str, Any]:
    """Return the schema of one claim table, under the kind's name, and of its sub-types."""
    found = _definitions(kind)
    table = found.pop(kind.__name__)
    _describe(table, kind)
    table["title"] = name
    table["description"] = summary(kind)
    table["properties"] = {"kind": {"const": name}, **table["properties"]}
    return {f"claim-{name}": table, **found}


def _claims_table(kinds: list[str]) -> dict[str, Any]:
    """Return the schema of a claims table: a key is a kind, or its table names one."""
    named = [{"required": ["kind"], "allOf": [{"$ref": f"#/$defs/claim-{name}"}]} for name in kinds]
    return {
        "type": "object",
        "properties": {name: {"$ref": f"#/$defs/claim-{name}"} for name in kinds},
        "additionalProperties": {"anyOf": named},
    }


def _describe(schema: dict[str, Any], struct: type[msgspec.Struct]) -> None:
    """Add to every property what the class says below the field."""
    meanings = field_meanings(struct)
    for name, of in schema["properties"].items():
        if name in meanings:
            of.setdefault("description", meanings[name])


def main() -> None:
    """Write the schema beside the specs, or print it with ``-``."""
    text = msgspec.json.format(msgspec.json.encode(spec_schema()), indent=2).decode() + "\n"
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(text)
    else:
        (specs_folder() / "schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
