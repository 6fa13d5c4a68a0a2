"""What a project says of attncheck: the table ``[tool.attncheck]`` of its ``pyproject.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attncheck.data.toml_file import read_toml
from attncheck.errors import UsageError, did_you_mean

KEYS = ("gate", "for", "uses")
"""What the table may hold: a gate's policy, and which limits of use bind."""


def settings(path: Path) -> dict[str, Any]:
    """Return the table of a file, empty where there is none.

    Raises:
        UsageError: the file cannot be read, or the table holds what nobody reads.
    """
    tool = read_toml(path)[0].get("tool", {})
    ours = tool.get("attncheck") if isinstance(tool, dict) else None
    if ours is None:
        return {}
    if not isinstance(ours, dict):
        raise UsageError("tool.attncheck is no table", where=str(path))
    for name in ours:
        if name not in KEYS:
            raise UsageError(
                f"unknown table [tool.attncheck.{name}]",
                where=str(path),
                instead=did_you_mean(name, KEYS),
            )
    return ours


def nearest_project(folder: Path) -> Path | None:
    """Return the nearest ``pyproject.toml`` at or above a folder.

    One above that is another project's.
    """
    files = (place / "pyproject.toml" for place in (folder, *folder.parents))
    return next((file for file in files if file.is_file()), None)
