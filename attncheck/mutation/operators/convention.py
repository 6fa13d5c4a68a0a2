"""One place that follows another convention than the rest."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator


def _edits(site: Site) -> Iterator[ast.expr]:
    if isinstance(site.node, ast.IfExp):
        yield site.node.body
        yield site.node.orelse


OPERATOR = Operator(
    "convention",
    "mixed two conventions: one place follows another than the rest",
    "wide = join(t, t) if o.half else neighbours(t) -> wide = neighbours(t)",
    1,
    _edits,
    faults=("rope_layout",),
)
