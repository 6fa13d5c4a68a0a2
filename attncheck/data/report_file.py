"""Read a report from a file or from standard input: the one way in for whatever reads reports."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import Any

import msgspec

from attncheck.data.harmless import one_line
from attncheck.data.outside import decode_raw
from attncheck.data.report import SCHEMA, Report, convert, encode
from attncheck.errors import UsageError

STDIN = "-"
MOST_BYTES = 64 * 2**20
"""A report of every subject with every sample of its profile has a few MiB."""

_SEAL = "seal"
_MAKE = "make one: attncheck audit SPEC -o report.json"


def read_report(path: str | Path, *, audited: bool = False) -> Report:
    """Return the report of a file, or of standard input for ``-``.

    Args:
        path: the file.
        audited: whether it must be what an audit wrote, and no baseline.

    Raises:
        UsageError: it cannot be read, is no whole JSON, no sound report of this version, was
            edited after it was sealed, or is a baseline where an audit's report is wanted.
    """
    name = "standard input" if str(path) == STDIN else one_line(str(path), 400)
    raw = _checked(_bytes(str(path), name), name)
    if _SEAL in raw and raw[_SEAL] != _digest(raw):
        raise UsageError(
            "edited by hand: its seal does not fit its content",
            where=name,
            instead="promote a report again: attncheck baseline report.json -o baseline.json",
        )
    if audited and _SEAL in raw:
        raise UsageError(
            "this is a baseline, and not what an audit of now has found",
            where=name,
            instead="audit first: attncheck audit SPEC -o report.json --baseline BASE",
        )
    try:
        return convert(raw)
    except msgspec.ValidationError as error:
        raise _unsound(error, name) from None


def sealed(report: Report) -> bytes:
    """Return the report as a baseline's JSON: with a digest, so that an edit is noticed."""
    raw: dict[str, Any] = msgspec.json.decode(encode(report))
    raw[_SEAL] = _digest(raw)
    return msgspec.json.format(msgspec.json.encode(raw), indent=2) + b"\n"


def _bytes(path: str, name: str) -> bytes:
    """Return what a regular file holds, or standard input; nothing else is waited for."""
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise UsageError("it is closed", where=name, instead="name a file")
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            data = read_regular(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot read the report: {reason.lower()}", where=name, instead=_MAKE
        ) from None
    if len(data) > MOST_BYTES:
        raise UsageError(
            f"it is larger than any report: more than {MOST_BYTES // 2**20} MiB", where=name
        )
    return data


def read_regular(path: str | Path, most: int) -> bytes:
    """Return a regular file's bytes, ``most`` and one at most; a pipe or a device is not opened.

    Raises:
        OSError: it cannot be read, or is no regular file.
        ValueError: no file can have such a name.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "it is a folder")
        if not stat.S_ISREG(mode):
            raise OSError(22, "it is no regular file")
        return file.read(most + 1)


def _checked(data: bytes, name: str) -> dict[str, Any]:
    """Complain about what is not JSON, or not a report, before its fields are looked at."""
    if not data.strip():
        raise UsageError("the file is empty", where=name, instead="audit again")
    try:
        raw = decode_raw(data)
    except msgspec.ValidationError as error:
        raise _unsound(error, name) from None
    except msgspec.DecodeError as error:
        if "truncated" in str(error) and not data.rstrip().endswith(b"}"):
            what = "the JSON ends too early: the file was cut off"
            raise UsageError(what, where=name, instead="copy it again, or audit again") from None
        raise UsageError(
            f"not JSON: {error}",
            where=name,
            instead="reports are read as JSON: attncheck audit SPEC -o report.json",
        ) from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or schema != SCHEMA:
        said = f"its schema is '{one_line(str(schema), 60)}'" if schema else "it names no schema"
        raise UsageError(
            f"not a report of attncheck audit: {said}, expected '{SCHEMA}'",
            where=name,
            instead=_newer(schema),
        )
    return raw


def _newer(schema: object) -> str:
    if isinstance(schema, str) and schema.startswith(SCHEMA.rpartition("/")[0] + "/"):
        return "it was made by another version of attncheck: use that one"
    return "reports are made by: attncheck audit SPEC -o report.json"


def _unsound(error: Exception, name: str) -> UsageError:
    return UsageError(
        f"not a sound report: {one_line(str(error), 400)}", where=name, instead="audit again"
    )


def _digest(raw: dict[str, Any]) -> str:
    content = {key: value for key, value in raw.items() if key != _SEAL}
    text = msgspec.json.encode(content, order="sorted")
    return f"sha256:{hashlib.sha256(text).hexdigest()}"
