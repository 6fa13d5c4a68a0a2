"""Rows before columns where columns come first."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called, method

_COORDINATES = {"frame"}
"""Steps whose second axis holds column and row."""


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if isinstance(node, ast.Call) and called(node) in _COORDINATES:
        yield method(node, "flip", 1)


OPERATOR = Operator(
    "coordinates",
    "taken rows for columns",
    "f = frame(x) -> f = frame(x).flip(1)",
    0,
    _edits,
)
