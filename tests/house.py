"""The house as it is built: rooms, files, imports; ``python -m tests.house`` measures it."""

from __future__ import annotations

import ast
import re
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


ALSO_WORDS = {
    *("cache", "causality", "deterministic", "device", "dtype", "gate", "linear", "macs", "masks"),
    *("parameters", "reach", "residual", "runs", "shape", "unused"),
}
"""Claim kinds that are words of their own as well: of tables, layers, counts, strategies."""


def claim_kinds() -> dict[str, str]:
    """Return the name of every claim kind of ours -> the module that is it."""
    folder = "attncheck.probes."
    own = [module for module in MODULES if module.startswith(folder)]
    return {module.removeprefix(folder).replace("_", "-"): module for module in own}


def kinds_named(tree: ast.Module, own: str = "") -> Iterator[tuple[str, int]]:
    """Yield the claim kinds that a file's strings name, docstrings and its ``own`` kind apart.

    A kind with a hyphen is found wherever it stands in a string, another where it is the whole
    string. What is a word of its own as well counts where a kind or a claim is looked up by it.
    """
    kinds = {kind for kind, module in claim_kinds().items() if module != own}
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            words = set(re.findall(r"[a-z]+(?:-[a-z]+)+", node.value))
            whole = {node.value} - ALSO_WORDS
            yield from ((kind, node.lineno) for kind in sorted((words | whole) & kinds))
    if any(module.startswith(_SPEAKS_OF_CLAIMS) for module, _ in imports(tree)):
        for held in _held_against_a_kind(tree):
            for text in _strings(held, tree):
                yield from ((kind, held.lineno) for kind in text.split() if kind in kinds)


_SPEAKS_OF_CLAIMS = (
    "attncheck.data.report",
    "attncheck.subject.claim",
    "attncheck.probes",
    "attncheck.catalogue",
)


def _held_against_a_kind(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what ``.kind`` is compared with or looked up in, and by what claims are looked up."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                if any(_name(side) == "kind" or _name(side).endswith("claims") for side in sides):
                    yield from sides
            case ast.Subscript(value=value, slice=key) if _name(key) == "kind":
                yield value
            case ast.Subscript(value=value, slice=key) if _name(value).endswith("claims"):
                yield key
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[key, *_]):
                if _name(key) == "kind":
                    yield value
                elif _name(value).endswith("claims"):
                    yield key
            case ast.Call(func=function, args=[key, *_]) if _name(function) == "find_kind":
                yield key
            case ast.Match(subject=subject, cases=cases) if _name(subject) == "kind":
                for case in cases:
                    yield from (n for n in ast.walk(case.pattern) if isinstance(n, ast.expr))


def _name(node: ast.expr) -> str:
    """Return the last name of ``finding.kind``, ``kind`` or ``spec.claims``, else ""."""
    return getattr(node, "attr", "") or getattr(node, "id", "")


def _strings(node: ast.expr, tree: ast.Module) -> Iterator[str]:
    """Yield the strings in an expression, or in what the file assigns to its name."""
    if isinstance(node, ast.Name):
        for line in tree.body:
            targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", 0)]
            if any(isinstance(t, ast.Name) and t.id == node.id for t in targets):
                yield from _strings(line.value, ast.Module([], []))
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


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
