"""Heads cut or joined without the permutation that belongs to it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from attncheck.mutation.definition import Definition, Site
from attncheck.mutation.operators import Operator, Rewrite, called


def _edits(site: Site) -> Iterator[ast.expr]:
    if isinstance(site.node, ast.Call):
        yield from _forms(site.node)


def _forms(node: ast.Call) -> Iterator[ast.expr]:
    """Yield what people write for cutting or joining heads."""
    name = called(node)
    if name not in _FORMED:
        return
    t = ast.unparse(node.args[0])
    if name in _VIEWS:
        yield ast.parse(_VIEWS[name](t, *map(ast.unparse, node.args[1:])), mode="eval").body
        return
    if name == "repeat_heads":
        forms: tuple[str, ...] = (f"{t}.repeat(1, {ast.unparse(node.args[1])}, 1, 1)",)
    elif name == "split_heads":
        heads = ast.unparse(node.args[1])
        forms = (
            f"{t}.reshape({t}.shape[0], {heads}, -1, {t}.shape[2] // {heads})",
            f"{t}.unflatten(-1, (-1, {heads})).permute(0, 3, 1, 2)",
        )
    else:
        forms = (
            f"{t}.reshape({t}.shape[0], {t}.shape[2], -1)",
            f"{t}.permute(0, 2, 3, 1).flatten(-2)",
        )
    for form in forms:
        yield ast.parse(form, mode="eval").body


_VIEWS: dict[str, Callable[..., str]] = {
    "heads_of_map": lambda t, heads: f"{t}.reshape({t}.shape[0], {heads}, {t}[0, 0].numel(), -1)",
    "map_of_heads": lambda t, h, w: f"{t}.reshape({t}.shape[0], -1, {h}, {w})",
    "heads_merged": lambda t: f"{t}.reshape(*{t}.shape[:2], {t}.shape[3], -1)",
}
"""Heads of maps and of windows: the view that lacks the permutation."""

_FORMED = {"split_heads", "merge_heads", "repeat_heads", *_VIEWS}


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Cut and join, or repeat keys and values, in ways that belong together, all wrong."""
    both: list[tuple[int, ...]] = [(split, join) for split in range(2) for join in range(2)]
    yield from _together(definition, ("split_heads", "merge_heads"), both)
    yield from _together(definition, ("repeat_heads",), [(0,)])


def _together(
    definition: Definition, names: tuple[str, ...], ways: list[tuple[int, ...]]
) -> Iterator[Rewrite]:
    """Replace every step of these names by the form that each way gives its name."""
    sites = [s for s in definition.sites() if called(s.node) in names]
    for way in ways if len(sites) > 1 else ():
        changes: dict[ast.stmt, dict[int, ast.AST]] = {}
        for site in sites:
            assert isinstance(site.node, ast.Call)
            form = list(_forms(site.node))[way[names.index(called(site.node))]]
            changes.setdefault(site.statement, {})[id(site.node)] = form
        line = definition.first_line + sites[0].statement.lineno - 1
        before = "\n".join(ast.unparse(s.node) for s in sites)
        after = "\n".join(ast.unparse(n) for c in changes.values() for n in c.values())
        yield Rewrite(definition.replaced(changes), line, before, after)


OPERATOR = Operator(
    "heads",
    "cut or joined the heads by a view alone, or in another order",
    "merged = merge_heads(heads) -> merged = heads.reshape(B, N, C)",
    0,
    _edits,
    _rewrites,
    faults=("gqa_order", "head_merge", "head_split"),
)
