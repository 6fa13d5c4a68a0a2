"""The layering of ARCHITECTURE.md, read from the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "attncheck"

LAYERS = [
    {"cli", "pytest_plugin"},
    {"explaining", "describing", "documented", "schema", "report_schema"},
    {"gate", "baseline", "reporting", "formats"},
    {"selftesting", "evaluating", "profiling"},
    {"assembling", "excerpts", "execution", "calibrating", "asking", "selecting", "jobs"},
    {
        "auditing",
        "accounting",
        "costing",
        "comparing",
        "replaying",
        "deciding",
        "figuring",
    },
    {"catalogue", "spec_checks"},
    {"probes"},
    {"diagnosing", "locating", "equivalence", "mutation", "source", "measuring", "attending"},
    {
        "subject",
        "trial",
        "target",
        "sampling",
        "tolerance",
        "counting",
        "timing",
        "memory",
        "devices",
    },
    {"claim", "job", "messages"},
    {"reference", "published", "hosts"},
    {
        "spec",
        "formula",
        "arithmetic",
        "text_file",
        "toml_file",
        "own_folder",
        "literals",
        "measured",
        "config",
        "report",
        "report_file",
        "report_checks",
        "outside",
        "harmless",
        "page",
        "stats",
        "noise",
        "environment",
        "errors",
        "interrupts",
        "lazy",
        "watching",
    },
]
"""Top to bottom: a unit imports from its own row and from those below."""

LONGEST = 400
"""Lines of a file: one idea fits."""

ONLY_IN = {
    "typer": ("cli", "pytest_plugin"),
    "rich": ("cli", "formats"),
    "jinja2": ("formats",),
    "fvcore": ("counting",),
    "pynvml": ("devices/cuda",),
}
"""Third-party package -> the only places that know it."""

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return ``formats/terminal/maps``: the file inside the package, without its suffix."""
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def unit_of(module: str) -> str:
    """Return the part of ``attncheck.PART.…`` that a layer names; "" for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(tree: ast.AST, *, top_level: bool = False) -> Iterator[tuple[str, int]]:
    """Yield every module that is imported at run time, with its line.

    Args:
        tree: the file.
        top_level: only what importing the file itself imports.
    """
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                for other in node.orelse:
                    yield from imports(ast.Module([other], []), top_level=top_level)
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom(module="attncheck", level=0):
                yield from ((f"attncheck.{alias.name}", node.lineno) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module, node.lineno
            case ast.ImportFrom():
                yield "attncheck.RELATIVE", node.lineno
            case ast.FunctionDef() | ast.AsyncFunctionDef() if top_level:
                continue
            case _:
                yield from imports(node, top_level=top_level)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def rank(unit: str) -> int:
    for number, layer in enumerate(LAYERS):
        if unit in layer:
            return number
    raise AssertionError(f"'{unit}' stands in no layer: add it here and in ARCHITECTURE.md")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_only_go_down(path: Path) -> None:
    unit = name_of(path).split("/")[0]
    if unit in ("__init__", "__main__"):
        return
    for module, line in imports(parsed(path)):
        if not module.startswith("attncheck.") or module == "attncheck.__version__":
            continue
        assert rank(unit_of(module)) >= rank(unit), f"{path.name}:{line} imports {module}, upward"


@pytest.mark.parametrize("folder", ["probes", "formats", "devices"])
def test_what_is_found_by_its_file_never_imports_its_neighbours(folder: str) -> None:
    names = {path.stem for path in (PACKAGE / folder).glob("*.py")} - {"__init__"}
    for path in (PACKAGE / folder).glob("*.py"):
        for module, line in imports(parsed(path)):
            parts = module.split(".")
            if parts[:2] == ["attncheck", folder] and len(parts) > 2:
                assert parts[2] not in names, f"{path.name}:{line} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_definitions_import_torch_when_imported(path: Path) -> None:
    if name_of(path).split("/")[0] in ("reference", "published", "hosts"):
        return
    for module, line in imports(parsed(path), top_level=True):
        assert module.split(".")[0] != "torch", (
            f"{path.name}:{line}: write `from attncheck.lazy import torch`"
        )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_third_party_packages_stay_where_they_belong(path: Path) -> None:
    for module, line in imports(parsed(path)):
        places = ONLY_IN.get(module.split(".")[0])
        if places is not None:
            inside = any(name_of(path) == p or name_of(path).startswith(f"{p}/") for p in places)
            assert inside, f"{path.name}:{line} imports {module}, which only {places} may"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    tree = parsed(path)
    assert ast.get_docstring(tree), f"{path.name} has no docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}:{node.lineno} {node.name}"


def test_the_architecture_page_shows_the_same_layers() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = page.split("```layers\n")[1].split("```")[0]
    rows = [line.split("│")[0] for line in block.splitlines() if line.strip()]
    shown = [set(row.replace("·", " ").split()) for row in rows]
    assert shown == LAYERS
