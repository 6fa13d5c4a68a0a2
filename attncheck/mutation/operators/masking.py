"""A mask ignored, inverted, added as numbers, multiplied, or applied at the wrong place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    name = called(node)
    if not isinstance(node, ast.Call) or name not in ("hide", "only_visible", "no_self"):
        return
    value = ast.unparse(node.args[0])
    yield node.args[0]
    if name == "no_self":
        return
    mask = ast.unparse(node.args[1])
    shown = f"({mask} == False)"
    forms = [
        f"{name}({value}, {shown})",
        f"{value} * {shown}",
        f"{value} * {mask}",
        f"{value} + {shown}",
        f"{value} + {mask}",
        f"{value} - 1000.0 * {mask}",
        f"{name}({value}, {mask}.transpose(-1, -2))",
        f"{value}.masked_fill({mask}, 0.0)",
    ]
    for form in forms:
        yield ast.parse(form, mode="eval").body


OPERATOR = Operator(
    "mask",
    "left the mask out, read it the other way round, or added or multiplied it",
    "masked = hide(logits, hidden) -> masked = logits + hidden",
    0,
    _edits,
)
