"""A shipped spec's document by its id, without decoding its claims."""

from __future__ import annotations

from pathlib import Path

from attncheck.errors import SpecError
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
    document, _ = read_document(path)
    if not document.family:
        return document
    family, _ = read_document(folder / f"{document.family}.toml")
    return inherit(document, family)
