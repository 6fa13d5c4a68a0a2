"""Another statistic: mean for maximum, sum for mean, over other axes, or over the batch."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, call, called, method

_SWAPS = {
    "mean_hw": ("max_hw", "sum_hw"),
    "max_hw": ("mean_hw",),
    "mean_c": ("max_c",),
    "max_c": ("mean_c",),
    "sum_hw": ("mean_hw",),
    "mean": ("sum", "amax"),
    "sum": ("mean",),
    "amax": ("mean",),
}
_METHODS = {"max_hw": "amax", "mean_hw": "mean", "sum_hw": "sum", "max_c": "amax", "mean_c": "mean"}


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    name = called(node)
    if name not in _SWAPS or not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute):
        for other in _SWAPS[name]:
            yield ast.Call(
                ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords
            )
        return
    value = node.args[0]
    for other in _SWAPS[name]:
        axes = "(2, 3)" if other.endswith("hw") else "1, True"
        yield ast.parse(f"{ast.unparse(value)}.{_METHODS[other]}({axes})", mode="eval").body
    # The least, or the largest in size: of another sign.
    if name.startswith("max_"):
        yield ast.UnaryOp(ast.USub(), ast.Call(node.func, [ast.UnaryOp(ast.USub(), value)], []))
        yield ast.Call(node.func, [method(value, "abs")], [])
    if name == "max_c":
        yield ast.parse(f"{ast.unparse(value)}.argmax(1, True) + 0.0", mode="eval").body
    # One statistic for the whole batch.
    whole = method(node, "mean", 0)
    yield method(whole, "expand_as", node)
    if name.endswith("_c"):
        rows = method(method(value, "mean", 2), "mean", 1)
        yield ast.parse(
            f"{ast.unparse(rows)}[:, None, None].expand_as({ast.unparse(node)})", mode="eval"
        ).body
    yield call("torch.zeros_like", node)


OPERATOR = Operator(
    "statistic",
    "pooled with another statistic or over other axes",
    "z = max_hw(x) -> z = mean_hw(x)",
    1,
    _edits,
    faults=("branch_duplicated", "wrong_axis"),
)
