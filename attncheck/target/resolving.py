"""Find the class or factory that a target names: ``file.py:Class`` or ``package.module:Class``."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from attncheck.errors import AttncheckError, TargetError, did_you_mean
from attncheck.target.elsewhere import instead_of
from attncheck.target.factories import check_factory, only_module
from attncheck.text_file import named_path, read_text

Factory = Callable[..., Any]


def split_target(target: str) -> tuple[str, str]:
    """Return (file or module, attribute path) of a target.

    Raises:
        TargetError: there is no ``:Name`` part.
    """
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name:
        found = [f"{target}:{known}" for known in _classes_in(target)]
        raise TargetError(
            f"'{target}' names no class",
            instead=f"write one of: {', '.join(found)}"
            if found
            else "write path/to/file.py:Class or package.module:Class",
        )
    return place, name


def _classes_in(target: str) -> list[str]:
    """Return the classes that a file defines, without importing it."""
    try:
        tree = ast.parse(read_text(named_path(target)))
    except (AttncheckError, SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]


def resolve(target: str, folder: Path | None = None, *, modules_only: bool = False) -> Factory:
    """Import the place and return the class or factory.

    Args:
        target: ``path/to/file.py:Class`` or ``package.module:Class``.
        folder: what a relative path is relative to (the working directory when None).
        modules_only: whether nobody here has typed the target: then no function is a factory.

    Raises:
        TargetError: nothing is there, importing it raises, or it makes no module.
    """
    place, name = split_target(target)
    module = _import_place(place, folder)
    if modules_only:
        return only_module(module, name, target)  # type: ignore[no-any-return]
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise TargetError(
                f"no '{part}' in {place}", where=target, instead=instead_of(part, place, found)
            ) from None
    if not callable(found):
        raise TargetError(f"'{name}' is a {type(found).__name__}, not a class", where=target)
    check_factory(found, place, module, target)
    return found  # type: ignore[no-any-return]


def _import_place(place: str, folder: Path | None) -> ModuleType:
    looks_like_path = place.endswith(".py") or "/" in place or "\\" in place
    try:
        if looks_like_path:
            return _import_file((folder or Path.cwd()) / named_path(place, TargetError))
        if str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))
        return importlib.import_module(place)
    except TargetError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(error.name + ".")):
            raise TargetError(
                f"no module named '{error.name}'",
                where=place,
                instead="write path/to/file.py:Class, or install the package here",
            ) from None
        raise TargetError(
            f"importing it needs '{error.name}', which is not installed", where=place
        ) from error
    except SystemExit as error:
        raise TargetError(f"importing it exits (code {error.code})", where=place) from None
    except Exception as error:
        raise TargetError(
            f"importing it raises {type(error).__name__}: {error}", where=place
        ) from error


def _import_file(path: Path) -> ModuleType:
    path = Path(os.path.realpath(path))
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*.py")) if path.parent.is_dir() else []
        raise TargetError("no such file", where=str(path), instead=did_you_mean(path.name, beside))
    root, dotted = _package_of(path)
    if dotted is None:
        # A name of its own: a file called random.py must not stand for the standard module.
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
        if str(root) not in sys.path:
            sys.path.append(str(root))
        try:
            return _load(f"_attncheck_{path.stem}_{digest}", path)
        except ImportError as error:
            if "relative import" not in str(error):
                raise
            # A folder without __init__.py is a namespace package to its own relative imports.
            root, dotted = path.parent.parent, f"{path.parent.name}.{path.stem}"
    sys.path.insert(0, str(root))
    try:
        module = importlib.import_module(dotted)
    finally:
        sys.path.remove(str(root))
        sys.path.append(str(root))
    if Path(module.__file__ or "").resolve() != path:
        return _load(dotted, path)
    return module


def _package_of(path: Path) -> tuple[Path, str | None]:
    """Return the folder that holds the top package, and the file's dotted name in it."""
    names = [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    if names[-1] == "__init__":
        names.pop()
    inside = folder != path.parent
    return folder, ".".join(names) if inside else None


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TargetError("not a Python file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pickle and dataclasses look it up by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
