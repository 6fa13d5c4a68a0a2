"""A hash of the source that a spec's reference is made of: read, and never imported."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from attncheck.data.report import UNREAD
from attncheck.spec.hashing import LENGTH


def definition_hash(reference: str, folder: Path) -> str:
    """Return a hash of a reference's source and of what it imports of its own package or folder.

    Comments and empty lines do not change it, nor does the place of the folder. What is imported
    by a name made at run time, and files that the source reads, are not seen.

    Args:
        reference: ``file.py:name`` or ``package.module:name``; "" has the hash "".
        folder: where the spec lies: modules beside it are found too.
    """
    if not reference:
        return ""
    place, _, name = reference.rpartition(":")
    start = Path(place) if place.endswith(".py") else _module_file(place, folder)
    if start is None or not start.is_file():
        return UNREAD
    root = _root(start.resolve())
    digest = hashlib.sha256(name.encode("utf-8"))
    for path in sorted(_closure(start.resolve(), root)):
        digest.update(f"\0{path.relative_to(root).as_posix()}\0".encode())
        digest.update(_read(path, path.stat().st_mtime_ns).text.encode("utf-8"))
    return digest.hexdigest()[:LENGTH]


def _module_file(name: str, folder: Path) -> Path | None:
    """Return the file of ``package.module``; no package is imported to find it."""
    top, *rest = name.split(".")
    places = [folder / top, Path.cwd() / top]
    try:
        found = importlib.util.find_spec(top)  # a name without a dot imports nothing
    except (ImportError, ValueError):
        found = None
    if found is not None and found.submodule_search_locations:
        places[:0] = [Path(place) for place in found.submodule_search_locations]
    elif found is not None and found.origin:
        places.insert(0, Path(found.origin).with_suffix(""))
    files = (_file(place.joinpath(*rest)) for place in places)
    return next((file for file in files if file is not None), None)


def _file(stem: Path) -> Path | None:
    """Return the file of a module: ``stem.py``, or a package's ``__init__.py``."""
    candidates = (stem.with_name(f"{stem.name}.py"), stem / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _root(file: Path) -> Path:
    """Return the outermost package that the file lies in, or its folder where that is none."""
    folder = file.parent
    while (folder / "__init__.py").is_file() and (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _closure(start: Path, root: Path) -> set[Path]:
    """Return the file and everything below ``root`` that it imports, directly or not."""
    found, open_ = {start}, [start]
    while open_:
        file = open_.pop()
        imported = _imported(file, file.stat().st_mtime_ns, (start.parent, root, root.parent))
        open_ += imported - found
        found |= imported
    return found


@lru_cache(maxsize=1024)
def _imported(file: Path, changed_ns: int, places: tuple[Path, Path, Path]) -> frozenset[Path]:
    """Return the files that one imports, of those below the second place."""
    found: set[Path] = set()
    for level, name in _read(file, changed_ns).imports:
        for base in [file.parents[level - 1]] if level else places:
            path = _file(base.joinpath(*name.split("."))) if name else base / "__init__.py"
            if path is not None and path.is_file():
                found.add(path.resolve())
    return frozenset(path for path in found if path.is_relative_to(places[1]))


@dataclass(frozen=True)
class _Source:
    text: str
    imports: frozenset[tuple[int, str]]


@lru_cache(maxsize=1024)
def _read(path: Path, changed_ns: int) -> _Source:
    """Return what counts of a file, and what it imports: dots before the name, and the name."""
    text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    try:
        imports = frozenset(_imports(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        imports = frozenset()
    return _Source(_plain(text), imports)


def _plain(text: str) -> str:
    """Return the lines without comments, without spaces at the end and without empty lines."""
    lines = text.split("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
    except (tokenize.TokenError, SyntaxError, IndexError):
        lines = text.split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every name that may be a module: ``from a import b`` may mean ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""
            for alias in node.names:
                yield node.level, f"{node.module}.{alias.name}" if node.module else alias.name
