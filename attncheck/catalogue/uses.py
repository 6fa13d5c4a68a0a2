"""What a module is wanted for, and the limits of use that bind then.

A use is a name for several limits: ``--for deploy``. Each claim kind says itself which uses need
it. A project names its own in the table ``[tool.attncheck.uses]`` of its ``pyproject.toml``, and
says in ``for`` what binds without asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attncheck.data.settings import nearest_project, settings
from attncheck.errors import UsageError
from attncheck.probes import all_kinds, find_kind


def uses() -> dict[str, list[str]]:
    """Return use -> the limits of use that any claim kind says it needs, both sorted."""
    kinds = [kind for kind in map(find_kind, all_kinds()) if kind is not None and kind.limit]
    named = sorted({use for kind in kinds for use in kind.uses})
    return {use: sorted({kind.limit for kind in kinds if use in kind.uses}) for use in named}


def limits_for(names: Iterable[str], folder: Path) -> list[str]:
    """Return the limits of use that names of uses stand for; a limit's own name stands for itself.

    Args:
        names: of uses and of limits; unknown ones are returned as they are.
        folder: where to begin to look for a project's own uses.

    Raises:
        UsageError: the project's table cannot be read.
    """
    wanted = list(names)
    if not wanted:
        return []
    ours, own = uses(), _own_uses(folder)
    parts = [part for name in wanted for part in own.get(name, [name])]
    return list(dict.fromkeys(limit for part in parts for limit in ours.get(part, [part])))


def always_for(folder: Path) -> list[str]:
    """Return what the nearest project wants its modules for, whatever is asked.

    Raises:
        UsageError: the project's table cannot be read.
    """
    path = nearest_project(folder)
    return _names(settings(path).get("for", []), "for", path) if path else []


def _own_uses(folder: Path) -> dict[str, list[str]]:
    path = nearest_project(folder)
    table = settings(path).get("uses", {}) if path else {}
    if not isinstance(table, dict):
        raise UsageError("tool.attncheck.uses is no table", where=str(path))
    return {name: _names(value, f"uses.{name}", path) for name, value in table.items()}


def _names(value: Any, key: str, path: Path | None) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise UsageError(
            f"tool.attncheck.{key} is no list of names",
            where=str(path),
            instead=f'write {key} = ["export"]',
        )
    return value
