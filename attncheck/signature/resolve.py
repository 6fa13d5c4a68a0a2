"""Find the class or factory that a target names: ``file.py:Class`` or ``package.module:Class``.

For a class that is not there, what to type: another module of its package.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from attncheck.data.text_file import named_path, read_text
from attncheck.errors import AttncheckError, TargetError, did_you_mean
from attncheck.signature.absent import Absent, AbsentError, standing_in, wanted_by
from attncheck.signature.factories import check_factory, only_module
from attncheck.signature.offline import offline

Factory = Callable[..., Any]

_ALONE = "__attncheck_alone__"
_WITHOUT = "__attncheck_without__"
_MISSING = 32
"""Packages that are stood in for, of one file."""
_FILES = 4000
_SHOWN = 12


def split_target(target: str) -> tuple[str, str]:
    """Return (file or module, attribute path) of a target.

    Raises:
        TargetError: there is no ``:Name`` part.
    """
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name or name.endswith(".py"):
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
    if isinstance(found, Absent):
        raise AbsentError(found.module, target)
    if not callable(found):
        raise TargetError(f"'{name}' is a {type(found).__name__}, not a class", where=target)
    check_factory(found, place, module, target)
    return found  # type: ignore[no-any-return]


def _import_place(place: str, folder: Path | None) -> ModuleType:
    """Import a file or a module; what it asks for in vain is stood in for, as far as it goes."""
    missing: list[str] = []
    first: Exception | None = None
    while True:
        try:
            with (
                offline(),
                standing_in(missing, "" if _is_path(place) else place.partition(".")[0]),
            ):
                module = _import_once(place, folder)
        except SystemExit as error:
            raise TargetError(f"importing it exits (code {error.code})", where=place) from None
        except Exception as error:
            first = first or error
            wanted = wanted_by(error)
            if not wanted or wanted in missing or len(missing) == _MISSING:
                raise _refusal(first, place) from first
            missing.append(wanted)
        else:
            if missing:
                module.__dict__[_WITHOUT] = tuple(missing)
            return module


def _refusal(error: Exception, place: str) -> TargetError:
    """Return why a place is not imported, by what its import raised first."""
    if isinstance(error, TargetError):
        return error
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if not name:
        return TargetError(f"importing it raises {type(error).__name__}: {error}", where=place)
    if place == name or place.startswith(name + "."):
        return TargetError(
            f"no module named '{name}'",
            where=place,
            instead="write path/to/file.py:Class, or install the package here",
        )
    return TargetError(f"importing it needs '{name}', which is not installed", where=place)


def _is_path(place: str) -> bool:
    return place.endswith(".py") or "/" in place or "\\" in place


def _import_once(place: str, folder: Path | None) -> ModuleType:
    if _is_path(place):
        return _import_file((folder or Path.cwd()) / named_path(place, TargetError))
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    return importlib.import_module(place)


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
        module = _imported(dotted, path)
    finally:
        sys.path.remove(str(root))
        sys.path.append(str(root))
    if Path(module.__file__ or "").resolve() != path:
        return _load(dotted, path)
    return module


def _imported(dotted: str, path: Path) -> ModuleType:
    """Import a file of a package; by itself, its siblings in reach, where the package fails."""
    before = set(sys.modules)
    try:
        return importlib.import_module(dotted)
    except Exception as error:
        parent = dotted.rpartition(".")[0]
        if parent in sys.modules:
            raise  # the package is there: it is the file that fails
        why = f"{type(error).__name__}: {error}"
    names = dotted.split(".")
    for depth in range(1, len(names)):
        bare = ModuleType(".".join(names[:depth]))
        bare.__path__ = [str(path.parents[len(names) - 1 - depth])]
        sys.modules.setdefault(bare.__name__, bare)
    try:
        module = _load(dotted, path)
    except BaseException:
        for name in set(sys.modules) - before:
            del sys.modules[name]
        raise
    module.__dict__[_ALONE] = f"loaded without its package, whose import raises {why}"
    return module


def loaded_without(factory: Factory) -> list[str]:
    """Return what the file of a class was loaded without: its package, or others."""
    module = sys.modules.get(str(getattr(factory, "__module__", "")))
    held = vars(module) if module is not None else {}
    missing = ", ".join(held.get(_WITHOUT, ()))
    absent = f"loaded without what cannot be imported here, and of which nothing is used: {missing}"
    return [*([held[_ALONE]] if _ALONE in held else []), *([absent] if missing else [])]


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
