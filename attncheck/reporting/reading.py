"""Read a report from a file or from standard input, and say what is wrong with one."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from attncheck.errors import UsageError
from attncheck.report import SCHEMA, Report, decode

STDIN = "-"


def read_report(path: str) -> Report:
    """Return the report of a file, or of standard input for ``-``.

    Raises:
        UsageError: it cannot be read, is no whole JSON, or no report of this version.
    """
    name = "standard input" if path == STDIN else path
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the report: {(error.strerror or str(error)).lower()}",
            where=name,
            instead="make one: attncheck audit SPEC -o report.json",
        ) from None
    _check(data, name)
    try:
        return decode(data)
    except msgspec.ValidationError as error:
        raise UsageError(f"not a sound report: {error}", where=name) from None


def _check(data: bytes, name: str) -> None:
    """Complain about what is not JSON, or not a report, before its fields are looked at."""
    if not data.strip():
        raise UsageError("the file is empty", where=name, instead="audit again")
    try:
        raw = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        if "truncated" in str(error):
            what = "the JSON ends too early: the file was cut off"
            raise UsageError(what, where=name, instead="copy it again, or audit again") from None
        raise UsageError(
            f"not JSON: {error}",
            where=name,
            instead="reports are read as JSON: attncheck audit SPEC -o report.json",
        ) from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != SCHEMA:
        said = f"its schema is '{schema}'" if schema else "it names no schema"
        raise UsageError(
            f"not a report of attncheck audit: {said}, expected '{SCHEMA}'",
            where=name,
            instead=_newer(schema),
        )


def _newer(schema: object) -> str:
    if isinstance(schema, str) and schema.startswith(SCHEMA.rpartition("/")[0] + "/"):
        return "it was made by another version of attncheck: use that one"
    return "reports are made by: attncheck audit SPEC -o report.json"
