"""A value taken out of the graph."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, method


def _edits(site: Site) -> Iterator[ast.expr]:
    if site.node is getattr(site.statement, "value", None):
        yield method(site.node, "detach")


CUT = "gradient cut"
"""The operator that changes no output, only gradients."""

OPERATOR = Operator(
    CUT,
    "taken a value out of the graph with .detach() or .data: no gradient goes through it",
    "s = sigmoid(u) -> s = sigmoid(u).detach()",
    0,
    _edits,
    faults=("gradient_cut",),
)
