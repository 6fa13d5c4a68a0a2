"""A shipped spec's document by its id, without decoding its claims."""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from pathlib import Path

from attncheck.data.text_file import named_path
from attncheck.errors import SpecError, UsageError
from attncheck.spec.document import SpecDocument
from attncheck.spec.inheritance import inherit
from attncheck.spec.reading import read_document


def shipped_document(name: str) -> SpecDocument:
    """Return the document of a shipped spec, merged with its family's.

    Raises:
        SpecError: no shipped spec has this id.
    """
    package = Path(__file__).parents[1]
    installed = package / "specs"
    folder = installed if installed.is_dir() else package.parent / "specs"
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise SpecError(f"no shipped spec has the id '{name}'")
    document = as_written(path)
    if not document.family:
        return document
    return inherit(document, as_written(folder / f"{document.family}.toml"))


@cache
def as_written(path: Path) -> SpecDocument:
    """Return what the file of a shipped spec says by itself; each is read once."""
    return read_document(path)[0]


def specs_folder() -> Path:
    """Return the folder of the specs that attncheck ships."""
    installed = Path(__file__).parents[1] / "specs"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "specs"


@lru_cache(maxsize=1)
def shelf_index() -> dict[str, Path]:
    """Return id or alias -> file of every shipped spec, without decoding any."""
    found: dict[str, Path] = {}
    aliases: dict[str, Path] = {}
    for path in sorted(specs_folder().glob("*.toml")):
        found[path.stem] = path
        text = path.read_text(encoding="utf-8")
        if match := re.search(r"^aliases\s*=\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL):
            for alias in re.findall(r"""["']([^"']+)["']""", match.group(1)):
                aliases[alias.lower()] = path
    return {**aliases, **found}


CONTRACTS = ("map", "tokens", "seq2seq")
"""The families, each a contract without a paper."""


def spec_ids() -> list[str]:
    """Return the id of every shipped spec, sorted."""
    return sorted({path.stem for path in shelf_index().values()})


def find_path(name: str) -> Path | None:
    """Return the file of an id, an alias or a path; None if no spec has this name.

    Raises:
        UsageError: the name is a path, and no such file is there.
    """
    if name.endswith(".toml") or "/" in name:
        path = named_path(name)
        if not os.path.exists(path):
            raise UsageError("no such spec file", where=name)
        return path
    return shelf_index().get(name) or shelf_index().get(name.lower())


def split_subject(name: str) -> tuple[str, str]:
    """Return (spec, subject) of ``SPEC@SUBJECT``; a path may hold an ``@`` of its own.

    >>> split_subject("gam@article"), split_subject("a@b/se.toml"), split_subject("se")
    (('gam', 'article'), ('a@b/se.toml', ''), ('se', ''))
    """
    spec, at, subject = name.rpartition("@")
    plain = "/" not in subject and not subject.endswith(".toml")
    return (spec, subject) if at and plain else (name, "")
