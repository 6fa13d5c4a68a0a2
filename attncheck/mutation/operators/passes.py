"""A pass too few or too many."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from attncheck.mutation.definition import Definition
from attncheck.mutation.operators import Operator, Rewrite, called


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Change the count of a ``for … in range(n)``."""
    loops = [node for node in ast.walk(definition.tree) if isinstance(node, ast.For)]
    for position, loop in enumerate(loops):
        if called(loop.iter) != "range":
            continue
        for change in ("{} - 1", "{} + 1", "1"):
            tree = copy.deepcopy(definition.tree)
            copied = [node for node in ast.walk(tree) if isinstance(node, ast.For)][position]
            assert isinstance(copied.iter, ast.Call)
            count = ast.unparse(copied.iter.args[0])
            copied.iter.args[0] = ast.parse(change.format(count), mode="eval").body
            line = definition.first_line + loop.lineno - 1
            before, after = f"range({count})", f"range({change.format(count)})"
            yield Rewrite(ast.fix_missing_locations(tree), line, before, after)


OPERATOR = Operator(
    "passes",
    "made a pass too few or too many",
    "for _ in range(2) -> for _ in range(1)",
    0,
    rewrites=_rewrites,
)
