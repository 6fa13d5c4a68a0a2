"""Another tensor of the same name's kind: the wrong variable."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator

_PAIRS = 900
"""The longer a definition, the fewer of the names before are taken: nobody writes by mistake what
stands pages above."""


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if isinstance(node, ast.Name) and node.id in site.names:
        near = dict.fromkeys((*site.inputs, *site.names[-(_PAIRS // len(site.names)) :]))
        for other in near:
            if other != node.id:
                yield ast.Name(other, ast.Load())


OPERATOR = Operator(
    "wrong variable",
    "used another tensor than the one that is meant",
    "y = x * g -> y = z * g",
    4,
    _edits,
    faults=("branch_duplicated",),
)
