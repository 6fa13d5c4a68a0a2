"""A digest of what a class is written as, and of what it names in its own file."""

from __future__ import annotations

import ast
import copy
import hashlib
from functools import lru_cache

from attncheck.source.statements import tree_of

_LENGTH = 12
_Defined = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache(maxsize=1024)
def class_digest(path: str, name: str) -> str:
    """Return a digest of a class, "" where it is not to be found.

    Comments, docstrings and the place in the file do not change it. What it names at the top of
    its own file belongs to it; what it imports does not.

    Args:
        path: its file.
        name: with the classes around it, ``Outer.Inner``.
    """
    tree = tree_of(path)
    if tree is None:
        return ""
    top = {node.name: node for node in tree.body if isinstance(node, _Defined)}
    values = {
        target.id: node
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    first = next(
        (n for n in ast.walk(tree) if isinstance(n, _Defined) and n.name == _last(name)), None
    )
    if first is None:
        return ""
    defined: dict[str, ast.stmt] = {**values, **top}
    found: dict[str, str] = {}
    waiting: list[tuple[str, ast.stmt]] = [(_last(name), first)]
    while waiting:
        own, node = waiting.pop()
        if own in found:
            continue
        found[own] = _written(node)
        named = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        waiting += [(other, defined[other]) for other in sorted(named & defined.keys())]
    told = "\0".join(f"{key}={text}" for key, text in sorted(found.items()))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _written(node: ast.stmt) -> str:
    """Return a statement as text, its docstrings left out."""
    return ast.unparse(_Plain().visit(copy.deepcopy(node)))


class _Plain(ast.NodeTransformer):
    """Leaves out texts that stand alone."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.copy_location(ast.Pass(), node) if text else node
