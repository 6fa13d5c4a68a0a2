"""The JSON Schema of report files, made from the types that encode them.

``python -m attncheck.data.report_schema`` writes ``reports/schema/report-1.json``. Reports only
grow: what is there keeps its name, its type and its meaning, so readers ignore what they do not
know.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import msgspec

from attncheck.data.counts import Branch, ClosedValue, Costs, Counts
from attncheck.data.meanings import field_meanings
from attncheck.data.profile import Against, AtBest, Growth, Paired, Profile, Row, Timing
from attncheck.data.report import SCHEMA, Finding, Location, Problem, Report, SubjectReport, Witness
from attncheck.data.scan import Group, LiveModel, Scan, Unread

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLACE = Path(__file__).parents[2] / "reports" / "schema" / "report-1.json"
_STRUCTS = (
    *(Report, SubjectReport, Finding, Location, Witness, Problem),
    *(Counts, Branch, Costs, ClosedValue),
    *(Profile, Row, Timing, Growth, Against, Paired, AtBest),
    *(Scan, Group, LiveModel, Unread),
)


def report_schema() -> dict[str, Any]:
    """Return the schema of a report file."""
    _, components = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    definitions: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(components))
    for struct in _STRUCTS:
        found = definitions[struct.__name__]
        found["description"] = " ".join(inspect.cleandoc(struct.__doc__ or "").split())
        written = {field.name: field.encode_name for field in msgspec.structs.fields(struct)}
        for name, meaning in field_meanings(struct).items():
            found["properties"][written[name]].setdefault("description", meaning)
    top = definitions.pop("Report")
    top["properties"]["schema"] = {"const": SCHEMA}
    top["required"] = ["schema", *top["required"]]
    return {"$schema": _DRAFT, **top, "title": SCHEMA, "$defs": dict(sorted(definitions.items()))}


def text() -> str:
    """Return the schema as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(report_schema()), indent=2).decode() + "\n"


def main() -> None:
    """Write the schema into the repository, or print it with ``-``."""
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(text())
        return
    _PLACE.parent.mkdir(parents=True, exist_ok=True)
    _PLACE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
