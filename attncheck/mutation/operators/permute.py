"""A permutation of axes forgotten, of other axes, or a reshape in its place."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, call, called, method, number


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if called(node) != "perm" or not isinstance(node, ast.Call):
        return
    value = node.args[0]
    order = [number(a) for a in node.args[1:]]
    if any(a is None for a in order):
        return
    axes = [int(a) for a in order if a is not None]
    # The sizes are right and the values are not where they belong.
    permuted = ast.Attribute(node, "shape", ast.Load())
    yield method(value, "reshape", permuted)
    yield value
    for rest in itertools.permutations(axes[1:]):
        other = [axes[0], *rest]
        if other == axes:
            continue
        yield call("perm", value, *other)
        # Another permutation, forced into the sizes that are expected.
        yield method(call("perm", value, *other), "reshape", permuted)


OPERATOR = Operator(
    "reshape for permute",
    "reshaped where axes had to be permuted, or permuted others",
    "perm(t, 0, 2, 1) -> t.reshape(...)",
    1,
    _edits,
    faults=("head_merge", "head_split", "hw_transposed", "permute_missing", "view_not_permute"),
)
