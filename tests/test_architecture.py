"""The house of ARCHITECTURE.md, read from the files themselves."""

from __future__ import annotations

import ast
import warnings
from collections import defaultdict

import pytest

from attncheck.cli.app import COMMANDS
from tests.house import (
    FILES,
    MODULES,
    PACKAGE,
    File,
    circles,
    imports,
    kinds_named,
    named,
    rooms,
    splinters,
)

ROOMS = rooms()
LONGEST_FILE = 400
LONGEST_FUNCTION = 60

TORCH_AT_ONCE = ("reference/", "published/", "commands/figures/hosts/")
"""Definitions of modules: the only files that import torch when they are imported."""

ONLY_IN = {
    "typer": ("cli", "pytest_plugin"),
    "rich": ("cli", "formats"),
    "jinja2": ("formats",),
    "cloudpickle": ("auditing/things",),
    "fvcore": ("instruments/counting",),
    "pynvml": ("devices/cuda",),
    "distributed": ("execution/engines/dask",),
}
"""Third-party package -> the only places that know it."""

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


BESIDE = ("__pycache__", "specs", "py.typed")
"""What lies in the package and is no room of the house."""


def test_the_root_holds_exactly_the_rooms() -> None:
    inside = {path for path in PACKAGE.iterdir() if path.name not in BESIDE}
    found = {path.stem for path in inside} - {"__init__", "__main__"}
    assert found == set(ROOMS), "name the room in ARCHITECTURE.md, or put the file into one"
    assert len(ROOMS) == len(set(ROOMS))


@each_file
def test_imports_and_names_in_strings_go_strictly_down(file: File) -> None:
    if not file.room:
        return
    for module, line in [*imports(file.tree), *named(file.tree)]:
        assert module != "attncheck.RELATIVE", f"{file.name}:{line}: write the whole name"
        room = MODULES[module].room if module in MODULES else ""
        if room:
            below = ROOMS.index(room) <= ROOMS.index(file.room)
            assert below, f"{file.name}:{line} names {module}, upward"


def test_no_files_import_each_other_in_a_circle() -> None:
    assert not circles()


@pytest.mark.parametrize("folder", ["probes", "formats", "devices"])
def test_what_is_found_by_its_file_never_imports_its_neighbours(folder: str) -> None:
    own = {file.module: file for file in FILES if file.path.parent == PACKAGE / folder}
    own.pop(f"attncheck.{folder}")
    for file in own.values():
        for module, line in imports(file.tree):
            assert module not in own, f"{file.name}:{line} imports {module}"


@each_file
def test_only_definitions_import_torch_when_imported(file: File) -> None:
    if file.name.startswith(TORCH_AT_ONCE):
        return
    for module, line in imports(file.tree, top_level=True):
        assert module.split(".")[0] != "torch", (
            f"{file.name}:{line}: write `from attncheck.lazy import torch`"
        )


@each_file
def test_third_party_packages_stay_where_they_belong(file: File) -> None:
    for module, line in imports(file.tree):
        places = ONLY_IN.get(module.split(".")[0])
        if places is not None:
            inside = any(file.name == p or file.name.startswith(f"{p}/") for p in places)
            assert inside, f"{file.name}:{line} imports {module}, which only {places} may"


@each_file
def test_a_claim_kind_is_named_in_its_own_file_alone(file: File) -> None:
    found = [
        f"{file.name}:{line} names '{kind}'" for kind, line in kinds_named(file.tree, file.module)
    ]
    assert not found, "let the claim's class say it: see the attributes of Claim"


@pytest.mark.parametrize(
    "text",
    [
        'TABLE = {"gradient-flow": 1}',
        'ORDER = "runs gradient-flow shape".split()',
        'serious = claim.kind in ("constructs", "linear")',
        'serious = finding.kind == "shape"',
        'FEW = {"macs"}\ndear = claim.kind in FEW',
        'COST = {"macs": 2}\ncost = COST[claim.kind] + COST.get(kind, 1)',
        'ours = spec.claims["runs"]',
        'match finding.kind:\n    case "reach":\n        pass',
        'found = find_kind("dtype")',
    ],
)
def test_a_claim_kind_that_is_named_is_found(text: str) -> None:
    assert list(kinds_named(ast.parse(f"from attncheck.subject.claim import Claim\n{text}")))


def test_a_word_that_is_also_a_claim_kind_may_be_used() -> None:
    text = 'row = {"macs": 1, "device": "cpu"}; log = {"runs": []}; flat = slot.kind == "linear"'
    assert not list(kinds_named(ast.parse(text)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_file(command: str) -> None:
    assert COMMANDS[command].partition(":")[0] == command
    assert (PACKAGE / "cli" / f"{command}.py").is_file()


def test_no_public_class_has_the_name_of_another() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for file in FILES:
        for node in file.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(file.name)
    assert not {name: found for name, found in places.items() if len(found) > 1}


@each_file
def test_a_file_holds_one_idea(file: File) -> None:
    assert file.lines <= LONGEST_FILE


@each_file
def test_a_function_can_be_seen_at_once(file: File) -> None:
    options = file.room == "cli"  # a command's signature is its options with their help
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[0].lineno if options else node.lineno
            length = (node.end_lineno or start) - start + 1
            assert length <= LONGEST_FUNCTION, f"{file.name}:{node.lineno} {node.name}: {length}"


def test_small_files_that_one_other_alone_imports_are_told() -> None:
    found = splinters()
    assert all(other in MODULES and file.module in MODULES for file, other in found)
    if found:
        warnings.warn(
            f"{len(found)} small files are imported by one other alone: python -m tests.house",
            stacklevel=1,
        )


@each_file
def test_what_is_public_says_what_it_is(file: File) -> None:
    assert ast.get_docstring(file.tree), f"{file.name} has no docstring"
    for node in file.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{file.name}:{node.lineno} {node.name}"
