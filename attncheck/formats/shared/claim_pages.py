"""What a claim kind says of itself, read from its source: importing a probe costs more."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

_PROBES = Path(__file__).parents[2] / "probes"


def claim_page(kind: str) -> str:
    """Return the page of a claim kind as Markdown; "" where its plugin is not installed here."""
    if not re.fullmatch("[a-z][a-z0-9-]*", kind):
        return ""  # a report may name any; a file that we do not have is not looked for
    file = _PROBES / f"{kind.replace('-', '_')}.py"
    page = _of_source(file) or _of_class(kind)
    return page.replace("``", "`")


def _of_source(file: Path) -> str:
    """Return the docstring of the class in the file that names its ``kind``, "" without one."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _names_a_kind(node):
            return ast.get_docstring(node) or ""
    return ""


def _names_a_kind(node: ast.ClassDef) -> bool:
    return any(
        isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and line.target.id == "kind"
        for line in node.body
    )


def _of_class(kind: str) -> str:
    from attncheck.probes import find_kind

    found = find_kind(kind)
    return inspect.cleandoc(found.__doc__ or "") if found else ""
