"""What to type for a class that is not where the target says: another module of its package."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attncheck.errors import did_you_mean

_FILES = 4000
_SHOWN = 12


def instead_of(name: str, place: str, found: Any) -> str:
    """Return the remedy for a missing class: where its package has it, or names like it.

    Args:
        name: the class that was asked for.
        place: the module or file in which it is not.
        found: that module, or the class in which an attribute is missing.
    """
    if homes := _homes(name, place):
        others = f" (or {', '.join(homes[1:3])})" if homes[1:] else ""
        return f"write {homes[0]}{others}"
    public = [key for key, value in vars(found).items() if isinstance(value, type)]
    near = did_you_mean(name, public)
    if near.startswith("did you mean") or len(public) <= _SHOWN:
        return near
    words = _words(name)
    alike = sorted(key for key in public if words & _words(key)) or sorted(public)
    more = len(public) - len(alike[:_SHOWN])
    return f"it has: {', '.join(alike[:_SHOWN])} and {more} more"


def _homes(name: str, place: str) -> list[str]:
    """Return the targets of classes of this name in the package, imported or not."""
    top = place.partition(".")[0]
    folders = list(getattr(sys.modules.get(top), "__path__", ()))
    if not folders or not name.isidentifier():
        return []
    defined = re.compile(rf"^class {name}\b", re.MULTILINE)
    homes: list[str] = []
    for folder in map(Path, folders):
        for file in sorted(folder.rglob("*.py"))[:_FILES]:
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            if defined.search(text):
                homes.append(f"{_dotted(top, file.relative_to(folder))}:{name}")
    return sorted(homes, key=lambda home: (not _shares(home, place), len(home), home))


def _dotted(top: str, file: Path) -> str:
    parts = [*file.parent.parts, *([] if file.stem == "__init__" else [file.stem])]
    return ".".join([top, *parts])


def _shares(home: str, place: str) -> bool:
    """Say whether a target lies under the module that was asked."""
    return home.startswith((f"{place}.", f"{place}:"))


def _words(name: str) -> set[str]:
    words: Iterable[str] = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)
    return {word.lower() for word in words}
