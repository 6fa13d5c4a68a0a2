"""The house as it is built: rooms, files, imports; ``python -m tests.house`` measures it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "attncheck"
SMALL = 60
"""A file of fewer lines that one other alone imports might as well stand in it."""


def rooms() -> list[str]:
    """Return the rooms from the ground up: the one list, in ARCHITECTURE.md."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = page.split("```rooms\n")[1].split("```")[0]
    return [line.split()[0].strip("/") for line in block.splitlines() if line.strip()]


@dataclass(frozen=True)
class File:
    """One file of the package."""

    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """The file, parsed."""
        return ast.parse(self.text)

    @cached_property
    def text(self) -> str:
        """What it holds."""
        return self.path.read_text(encoding="utf-8")

    @property
    def lines(self) -> int:
        """How long it is."""
        return len(self.text.splitlines())

    @property
    def name(self) -> str:
        """``formats/terminal/maps``: inside the package, without its suffix."""
        return self.path.relative_to(PACKAGE).with_suffix("").as_posix()

    @property
    def room(self) -> str:
        """The room, "" for what stands in front of all of them."""
        first = self.name.split("/")[0]
        return "" if first in ("__init__", "__main__") else first

    @property
    def module(self) -> str:
        """``attncheck.formats.terminal.maps``."""
        return f"attncheck.{self.name.replace('/', '.')}".removesuffix(".__init__")


FILES = [File(path) for path in sorted(PACKAGE.rglob("*.py"))]
MODULES = {file.module: file for file in FILES}


def imports(tree: ast.AST, *, top_level: bool = False) -> Iterator[tuple[str, int]]:
    """Yield every module that is imported, wherever it stands, with its line.

    Args:
        tree: the file.
        top_level: only what importing the file itself imports.
    """
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) if top_level:
                for other in node.orelse:
                    yield from imports(ast.Module([other], []), top_level=True)
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                for alias in node.names:
                    inside = f"{module}.{alias.name}"
                    yield (inside if inside in MODULES else module), node.lineno
            case ast.ImportFrom():
                yield "attncheck.RELATIVE", node.lineno
            case ast.FunctionDef() | ast.AsyncFunctionDef() if top_level:
                continue
            case _:
                yield from imports(node, top_level=top_level)


def named(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every module of ours that a string names, as ``module`` or ``module:name``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            module = node.value.partition(":")[0]
            if module in MODULES and module != "attncheck":
                yield module, node.lineno


def arrows() -> dict[str, set[str]]:
    """Return module -> the modules of ours that its file imports."""
    return {
        file.module: {m for m, _ in imports(file.tree) if m in MODULES} - {file.module, "attncheck"}
        for file in FILES
    }


def circles() -> list[list[str]]:
    """Return the circles of files, each with its members."""
    graph = arrows()
    order: list[str] = []
    seen: set[str] = set()

    def after(start: str, edges: dict[str, set[str]], into: list[str]) -> None:
        waiting = [(start, iter(sorted(edges[start])))]
        seen.add(start)
        while waiting:
            module, others = waiting[-1]
            for other in others:
                if other not in seen:
                    seen.add(other)
                    waiting.append((other, iter(sorted(edges[other]))))
                    break
            else:
                waiting.pop()
                into.append(module)

    for module in graph:
        if module not in seen:
            after(module, graph, order)
    back: dict[str, set[str]] = {module: set() for module in graph}
    for module, others in graph.items():
        for other in others:
            back[other].add(module)
    seen.clear()
    found: list[list[str]] = []
    for module in reversed(order):
        if module not in seen:
            members: list[str] = []
            after(module, back, members)
            if len(members) > 1:
                found.append(sorted(members))
    return found


def importers() -> Counter[str]:
    """Return module -> by how many files it is imported."""
    return Counter(other for others in arrows().values() for other in others)


def splinters() -> list[tuple[File, str]]:
    """Return small files that one other alone imports, with that one."""
    graph, count = arrows(), importers()
    return [
        (file, next(module for module, others in graph.items() if file.module in others))
        for file in FILES
        if file.lines < SMALL and file.path.stem != "__init__" and count[file.module] == 1
    ]


def main() -> None:
    """Print the measures of the house."""
    graph = arrows()
    place = {name: number for number, name in enumerate(rooms())}
    pairs = {
        (MODULES[module].room, MODULES[other].room)
        for module, others in graph.items()
        for other in others
        if MODULES[module].room and MODULES[module].room != MODULES[other].room
    }
    upward = [f"{a} → {b}" for a, b in pairs if place[b] > place[a]]
    stems = Counter(file.path.stem for file in FILES if file.path.stem != "__init__")
    again = sorted(name for name, count in stems.items() if count > 1)
    print(f"rooms {len(place)} · arrows between them {len(pairs)} · upward {len(upward)}")
    print(f"circles of files {len(circles())}")
    print(f"files {len(FILES)} · lines {sum(file.lines for file in FILES)}")
    print(f"imported by one other {sum(count == 1 for count in importers().values())}")
    print(f"file names that recur {len(again)}: {', '.join(again)}")
    print(f"small, and imported by one other: {len(splinters())}")
    for file, other in splinters():
        print(f"  {file.lines:3} {file.name}  by {other}")


if __name__ == "__main__":
    main()
