"""What a ``PLACE`` means, and the Python files that it holds; nothing is imported."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from attncheck.data.text_file import named_path
from attncheck.errors import UsageError, did_you_mean

_NOT_OURS = {"__pycache__", "node_modules", "site-packages", "dist-packages", "build", "dist"}
_MOST_FILES = 20_000


class SourceFile(NamedTuple):
    """A Python file of a place.

    Attributes:
        path: the file.
        prefix: what stands before ``:Class`` in a target: the path, or the dotted module.
    """

    path: Path
    prefix: str


def sources_of(place: str) -> list[SourceFile]:
    """Return the Python files of a file, a folder or a package, in order.

    Hidden folders, environments and what was built are left out of a folder.

    Raises:
        UsageError: nothing of this name is there, or it holds no Python file.
    """
    path = named_path(place)
    if path.is_dir():
        found = [SourceFile(file, file.as_posix()) for file in _below(path)]
    elif path.is_file():
        found = [SourceFile(path, place)]
    else:
        found = list(_of_package(place))
    if not found:
        raise UsageError("holds no Python file", where=place)
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Yield the Python files below a folder; a link to a folder is not followed."""
    count = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_ours(Path(root, name)))
        for name in sorted(files):
            if name.endswith(".py") and not name.startswith("."):
                count += 1
                if count > _MOST_FILES:
                    raise UsageError(
                        f"holds more than {_MOST_FILES} Python files",
                        where=str(folder),
                        instead="name a folder in it",
                    )
                yield Path(root, name)


def _is_ours(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _NOT_OURS
    return not hidden and not (folder / "pyvenv.cfg").exists()


def _of_package(name: str) -> Iterator[SourceFile]:
    """Yield the files of an installed package or module; its parents are not imported."""
    parts = name.split(".")
    if not all(map(str.isidentifier, parts)):
        raise UsageError(
            "no such file, folder or package", where=name, instead=_beside(named_path(name))
        )
    try:
        top = importlib.util.find_spec(parts[0])
    except (ImportError, ValueError):
        top = None
    for root in top.submodule_search_locations or () if top else ():
        inside = Path(root, *parts[1:])
        if inside.is_dir():
            for file in _below(inside):
                yield SourceFile(file, _dotted(parts[0], file.relative_to(root)))
            return
        if len(parts) > 1 and (file := inside.with_suffix(".py")).is_file():
            yield SourceFile(file, name)
            return
    if top is not None and len(parts) == 1 and top.origin and top.origin.endswith(".py"):
        yield SourceFile(Path(top.origin), name)
        return
    raise UsageError(
        "no such file, folder or package" if top is None else f"'{parts[0]}' has no such part",
        where=name,
        instead="write a path, or install the package here",
    )


def _dotted(top: str, file: Path) -> str:
    parts = [*file.parent.parts, *([] if file.stem == "__init__" else [file.stem])]
    return ".".join([top, *parts])


def _beside(path: Path) -> str:
    """Return the nearest name in the same folder."""
    try:
        return did_you_mean(path.name, [one.name for one in path.parent.iterdir()])
    except OSError:
        return "write a path that is there"
