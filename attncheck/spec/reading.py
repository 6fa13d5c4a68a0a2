"""Read one spec file: TOML into a :class:`SpecDocument`, or an error with file and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from attncheck.data.toml_file import read_toml
from attncheck.errors import SpecError, did_you_mean
from attncheck.spec.document import SpecDocument, SubjectEntry
from attncheck.spec.lines import line_of

_AT_PATH = re.compile(r" - at `(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`")


def read_document(path: Path) -> tuple[SpecDocument, str]:
    """Return the document in the file and the file's text.

    Raises:
        SpecError: the file cannot be read, is not TOML, or says something unknown.
    """
    raw, text = read_toml(path, SpecError)
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
        keys = _keys(at.group("path"), raw)
    instead = ""
    if unknown := _UNKNOWN.search(message):
        field = unknown.group("field")
        struct = SubjectEntry if "subjects" in keys else SpecDocument
        instead = did_you_mean(field, struct.__struct_fields__)
        keys = [*keys, field]
        message = f"unknown key '{field}'"
    return SpecError(message, where=f"{path}:{line_of(text, keys)}", instead=instead)


def _keys(at: str, raw: dict[str, Any]) -> list[str]:
    """Return the keys of msgspec's path; ``[...]`` is the first entry that fails on its own."""
    keys: list[str] = []
    node: Any = raw
    for part in re.findall(r"\[[^\]]*\]|[^.$\[]+", at):
        if not isinstance(node, dict):
            break
        key = part
        if part == "[...]":
            key = next((k for k in node if _fails(_with_only(raw, keys, k))), "")
        keys.append(key)
        node = node.get(key)
    return keys


def _with_only(raw: dict[str, Any], keys: list[str], kept: str) -> dict[str, Any]:
    """Return a copy of ``raw`` in which the table at ``keys`` holds one entry."""
    if not keys:
        return {kept: raw[kept]}
    return {**raw, keys[0]: _with_only(raw[keys[0]], keys[1:], kept)}


def _fails(raw: dict[str, Any]) -> bool:
    try:
        msgspec.convert(raw, SpecDocument)
    except msgspec.ValidationError:
        return True
    return False
