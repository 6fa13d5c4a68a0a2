"""Heads cut or joined without the permutation that belongs to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    name = called(node)
    if not isinstance(node, ast.Call) or name not in ("split_heads", "merge_heads"):
        return
    t = ast.unparse(node.args[0])
    if name == "split_heads":
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


OPERATOR = Operator(
    "heads",
    "cut or joined the heads by a view alone, or in another order",
    "merged = merge_heads(heads) -> merged = heads.reshape(B, N, C)",
    0,
    _edits,
)
