"""The whole mechanism on a re-viewed input: batch folded away, axes swapped, view for transpose."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from attncheck.mutation.definition import Definition
from attncheck.mutation.operators import Operator, Rewrite

_VIEWS = (
    (
        "the batch is folded into the height",
        "{x}.transpose(0, 1).flatten(1, 2)[None]",
        "{y}[0].unflatten(1, ({x}.shape[0], -1)).transpose(0, 1)",
        4,
    ),
    (
        "the batch is folded into the channels",
        "{x}.reshape(1, -1, *{x}.shape[2:])",
        "{y}.reshape({x}.shape)",
        4,
    ),
    ("height and width are swapped", "{x}.transpose(2, 3)", "{y}.transpose(2, 3)", 4),
    (
        "height and width are swapped by a view",
        "{x}.reshape({x}.shape[0], {x}.shape[1], {x}.shape[3], {x}.shape[2])",
        "{y}.reshape({x}.shape)",
        4,
    ),
    ("batch and tokens are swapped", "{x}.transpose(0, 1)", "{y}.transpose(0, 1)", 3),
    (
        "batch and tokens are swapped by a view",
        "{x}.reshape({x}.shape[1], {x}.shape[0], {x}.shape[2])",
        "{y}.reshape({x}.shape)",
        3,
    ),
    (
        "the batch is folded into the tokens",
        "{x}.reshape(1, -1, {x}.shape[-1])",
        "{y}.reshape({x}.shape)",
        3,
    ),
)


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Call the definition on the input in another view, and view the result back."""
    if not definition.inputs:
        return
    x = definition.inputs[0]
    for what, there, back, rank in _VIEWS:
        inner = copy.deepcopy(definition.tree)
        inner.name = "definition"
        call = f"definition(p, o, {there.format(x=x)})"
        outer = copy.deepcopy(definition.tree)
        outer.body = [
            inner,
            *ast.parse(
                f"assert {x}.ndim == {rank}\nwhole = {call}\nreturn {back.format(x=x, y='whole')}"
            ).body,
        ]
        after = f"f({there.format(x=x)})  # {what}"
        tree = ast.fix_missing_locations(outer)
        yield Rewrite(tree, definition.first_line, f"f({x})", after)


OPERATOR = Operator(
    "axes of the input",
    "applied the mechanism to other axes than it is defined on",
    "f(x) -> f(x.transpose(2, 3))",
    1,
    rewrites=_rewrites,
    faults=("batch_mixing", "hw_transposed", "view_not_permute"),
)
