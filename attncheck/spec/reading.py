"""Read one spec file: TOML into a :class:`SpecDocument`, or an error with file and line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from attncheck.errors import SpecError, did_you_mean
from attncheck.spec.document import SpecDocument, SubjectEntry
from attncheck.spec.lines import line_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_AT_PATH = re.compile(r" - at `(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`")


def read_document(path: Path) -> tuple[SpecDocument, str]:
    """Return the document in the file and the file's text.

    Raises:
        SpecError: the file cannot be read, is not TOML, or says something unknown.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot read the spec: {error}", where=str(path)) from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{path}:{line.group(1)}" if line else str(path)
        raise SpecError(f"not TOML: {error}", where=where) from None
    try:
        return msgspec.convert(raw, SpecDocument), text
    except msgspec.ValidationError as error:
        raise _explained(error, path, text, raw) from None


def _explained(
    error: msgspec.ValidationError, path: Path, text: str, raw: dict[str, Any]
) -> SpecError:
    """Turn a decoding error into one that names the line and what is allowed."""
    message = str(error)
    keys: list[str] = []
    if at := _AT_PATH.search(message):
        message = message[: at.start()]
        keys = [key for key in at.group("path").lstrip("$").split(".") if key and key != "[...]"]
    instead = ""
    if unknown := _UNKNOWN.search(message):
        field = unknown.group("field")
        struct = SubjectEntry if "subjects" in keys else SpecDocument
        instead = did_you_mean(field, struct.__struct_fields__)
        keys = _path_to(raw, field) or [*keys, field]
        message = f"unknown key '{field}'"
    return SpecError(message, where=f"{path}:{line_of(text, keys)}", instead=instead)


def _path_to(table: dict[str, Any], key: str) -> list[str]:
    """Return the path of the first table that holds ``key`` where it is not allowed."""
    if key in table and key not in SpecDocument.__struct_fields__:
        return [key]
    for name, entry in table.get("subjects", {}).items():
        if isinstance(entry, dict) and key in entry:
            return ["subjects", name, key]
    return []
