"""A mask ignored, inverted, added as numbers, multiplied, or applied at the wrong place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Definition, Site
from attncheck.mutation.operators import Operator, Rewrite, called


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    name = called(node)
    if not isinstance(node, ast.Call):
        return
    if name == "over_heads":
        yield ast.parse(f"({ast.unparse(node)} == False)", mode="eval").body
    if name in ("hide", "only_visible", "no_self"):
        yield node.args[0]
    if name == "hide":
        yield from _forms(node)


def _forms(node: ast.Call) -> Iterator[ast.expr]:
    """Yield what people write where hidden keys have to leave the softmax."""
    value, mask = (ast.unparse(argument) for argument in node.args)
    shown = f"({mask} == False)"
    forms = [
        f"hide({value}, {shown})",
        f"{value} * {shown}",
        f"{value} * {mask}",
        f"{value} + {shown}",
        f"{value} + {mask}",
        f"{value} - 1000.0 * {mask}",
        f"{value} - 1.0 * {mask}",
        f"hide({value}, {mask}.transpose(-1, -2))",
        f"{value}.masked_fill({mask}, 0.0)",
    ]
    for form in forms:
        yield ast.parse(form, mode="eval").body


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Do the same where nothing removes the hidden keys' weights after the softmax."""
    sites = {called(site.node): site for site in definition.sites()}
    hide, after = sites.get("hide"), sites.get("only_visible")
    if hide is None or after is None:
        return
    assert isinstance(hide.node, ast.Call)
    assert isinstance(after.node, ast.Call)
    for form in [*_forms(hide.node), hide.node.args[0]]:
        changes: dict[ast.stmt, dict[int, ast.AST]] = {
            hide.statement: {id(hide.node): form},
            after.statement: {id(after.node): after.node.args[0]},
        }
        line = definition.first_line + hide.statement.lineno - 1
        tree = definition.replaced(changes)
        yield Rewrite(tree, line, ast.unparse(hide.node), ast.unparse(form))


OPERATOR = Operator(
    "mask",
    "left the mask out, read it the other way round, or added or multiplied it",
    "masked = hide(logits, hidden) -> masked = logits + hidden",
    0,
    _edits,
    _rewrites,
    faults=("mask_after_softmax", "mask_axis", "mask_dtype", "mask_inverted", "padding_leak"),
)
