"""A path as a person reads it: short, and without the machine it was made on."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[2]


def shown(path: str) -> str:
    """Return the path relative to the working folder, the package or an environment's packages.

    A ``path:Class`` keeps its class; a dotted ``package.module:Class`` is returned as it is.
    """
    file, colon, name = path.rpartition(":") if ".py:" in path else (path, "", "")
    place = Path(file)
    if not place.is_absolute():
        return path
    if place.is_relative_to(_PACKAGE):
        return str(place.relative_to(_PACKAGE.parent)) + colon + name
    if place.is_relative_to(Path.cwd()):
        return str(place.relative_to(Path.cwd())) + colon + name
    parts = place.parts
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return str(Path(*parts[parts.index(folder) + 1 :])) + colon + name
    if place.is_relative_to(Path.home()):
        return str("~" / place.relative_to(Path.home())) + colon + name
    return path
