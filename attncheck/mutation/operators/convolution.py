"""A convolution that is dilated, padded in another way, or runs along the other axis."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called

_PADDINGS = ("reflect", "replicate", "circular")


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    name = called(node)
    if name not in ("conv", "conv1d") or not isinstance(node, ast.Call) or len(node.args) != 2:
        return
    layer, given = (ast.unparse(argument) for argument in node.args)
    rank = 1 if name == "conv1d" else 2
    run = f"torch.nn.functional.conv{rank}d"
    for dilation in (1, 2, 3):  # one: where the definition dilates
        yield _parsed(
            f"{run}({given}, {layer}.weight, {layer}.bias, padding='same', dilation={dilation})"
        )
    edges = ", ".join([f"{layer}.weight.shape[-1] // 2"] * (2 * rank))
    for mode in _PADDINGS:
        padded = f"torch.nn.functional.pad({given}, ({edges}), mode='{mode}')"
        yield _parsed(f"{run}({padded}, {layer}.weight, {layer}.bias)")
    yield _parsed(f"{run}({given}, {layer}.weight.flip(-1), {layer}.bias, padding='same')")
    if rank == 2:
        turned = f"{ast.unparse(node.func)}({layer}, {given}.transpose(2, 3))"
        yield _parsed(f"{turned}.transpose(2, 3)")
        yield _parsed(f"{turned}.flatten(2).reshape({ast.unparse(node)}.shape)")


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


OPERATOR = Operator(
    "convolution",
    "dilated a convolution, padded it in another way, or turned the map under it",
    "v = conv(p.spatial, m) -> v = conv(p.spatial, m.transpose(2, 3))",
    1,
    _edits,
)
